# shellcheck shell=sh
# Functions for the scripts of a module whose application is a list of systemd services. Read with ".", not run.

# Prints the services in start order, one a line. The list is, in this order: the argument after -Services (a restart of some of them),
# the variable SERVICES, the variable as it stands in the applied configuration.
list_services() {
  chosen=
  while [ "$#" -gt 0 ]; do
    if [ "$1" = -Services ] && [ "$#" -gt 1 ]; then
      chosen=$2
    fi
    shift
  done
  if [ -z "$chosen" ]; then
    chosen=${SERVICES:-}
  fi
  if [ -z "$chosen" ] && [ -r "${SAFEUSERCONF:-}/safeconf.xml" ]; then
    chosen=$(sed -n 's/.*<var[^>]*name="SERVICES"[^>]*value="\([^"]*\)".*/\1/p' "$SAFEUSERCONF/safeconf.xml" | head -n 1)
  fi
  printf '%s\n' "$chosen" | tr ',' '\n' | sed 's/^[[:space:]]*//; s/[[:space:]]*$//; /^$/d'
}

# The same, in the order in which they stop.
list_services_reversed() {
  list_services "$@" | sed '1!G;h;$!d'
}

# running, starting, stopped: what systemd says of a service.
service_state() {
  case $(systemctl show --property=ActiveState --value -- "$1" 2>/dev/null) in
    active | reloading) echo running ;;
    activating) echo starting ;;
    *) echo stopped ;;
  esac
}

# Writes a line in the module's log, where it is seen, and in this script's own output.
report() {
  echo "$1"
  safekit printe "$1"
}

# Has the module stopped because this script cannot do its work, and ends the script.
give_up() {
  report "$2"
  safekit stop -i "$1"
  exit 1
}
