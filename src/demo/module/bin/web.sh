# Sourced by the module's scripts: where the application's files are, and whether it runs.

pid_file="$SAFEUSERVAR/web.pid"
output="$SAFEUSERVAR/web.out"

# Prints the pid of the application if it runs. A pid that has been given to another program since does not count.
running_pid() {
  [ -f "$pid_file" ] || return 1
  read -r pid < "$pid_file" || return 1
  kill -0 "$pid" 2>/dev/null || return 1
  if [ -r "/proc/$pid/cmdline" ]; then
    arguments=$(tr '\0' ' ' < "/proc/$pid/cmdline")
  else
    arguments=$(ps -p "$pid" -o args= 2>/dev/null)
  fi
  case "$arguments" in
    *"web.mjs --node $DEMO_NODE --listen $DEMO_LISTEN"*) echo "$pid" ;;
    *) return 1 ;;
  esac
}

# Waits until the application is gone: $1 tenths of a second at most.
wait_gone() {
  tenths=$1
  while [ "$tenths" -gt 0 ]; do
    running_pid >/dev/null || return 0
    sleep 0.1
    tenths=$((tenths - 1))
  done
  return 1
}
