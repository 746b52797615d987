# shellcheck shell=sh
# Functions for the scripts of the nginx module. Read with ".", not run.

# Calls nginx with this module's configuration.
call_nginx() {
  if [ -n "${NGINX_PREFIX:-}" ]; then
    "$NGINX_BINARY" -p "$NGINX_PREFIX/" -c "$NGINX_CONF" "$@"
  else
    "$NGINX_BINARY" -c "$NGINX_CONF" "$@"
  fi
}

# Prints the file that holds the number of nginx's master process: the configuration's, else the one that was built in.
pid_file() {
  file=$(sed -n 's/^[[:space:]]*pid[[:space:]]\{1,\}"\{0,1\}\([^";[:space:]]*\).*/\1/p' "$NGINX_CONF" | head -n 1)
  if [ -z "$file" ]; then
    file=$("$NGINX_BINARY" -V 2>&1 | sed -n 's/.*--pid-path=\([^[:space:]]*\).*/\1/p')
  fi
  case $file in
    /*) ;;
    *)
      prefix=${NGINX_PREFIX:-$("$NGINX_BINARY" -V 2>&1 | sed -n 's/.*--prefix=\([^[:space:]]*\).*/\1/p')}
      file=$prefix/$file
      ;;
  esac
  printf '%s\n' "$file"
}

# Prints the number of the master process if it runs. A number in the file that belongs to another program by now is not taken for it.
master() {
  pid=$(cat "$(pid_file)" 2>/dev/null)
  case $pid in
    '' | *[!0-9]*) return 1 ;;
  esac
  case $(ps -o args= -p "$pid" 2>/dev/null) in
    *'<defunct>'*) return 1 ;;
    *nginx*master* | *"$NGINX_BINARY"*) printf '%s\n' "$pid" ;;
    *) return 1 ;;
  esac
}

# Waits until the process has ended, for at most the given number of tenths of a second.
wait_end() {
  left=$2
  while kill -0 "$1" 2>/dev/null && ps -o stat= -p "$1" 2>/dev/null | grep -qv '^Z'; do
    if [ "$left" -eq 0 ]; then
      return 1
    fi
    left=$((left - 1))
    sleep 0.1
  done
  return 0
}

report() {
  echo "$1"
  safekit printe "$1"
}
