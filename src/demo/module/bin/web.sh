# shellcheck shell=sh disable=SC2034 # what is set here is used by the scripts
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

# Has the process $1 come to its end? On Linux not before its last thread has, as the port is open until then; whoever ought to
# collect it (a zombie) does not matter.
is_gone() {
  kill -0 "$1" 2>/dev/null || return 0
  { read -r stat < "/proc/$1/stat"; } 2>/dev/null || return 1
  # What follows the name: the state, and sixteen fields later the number of threads.
  # shellcheck disable=SC2086
  set -- ${stat##*) }
  [ "$1" = Z ] && [ "${18}" -le 1 ]
}

# Waits until the process $1 is gone: $2 tenths of a second at most.
wait_gone() {
  tenths=$2
  while [ "$tenths" -gt 0 ]; do
    is_gone "$1" && return 0
    sleep 0.1
    tenths=$((tenths - 1))
  done
  is_gone "$1"
}
