# shellcheck shell=sh
# Functions for the scripts of a module whose application is run by OCF resource agents. Read with ".", not run.
# Which agents there are, and their parameters, stands in one place: the <custom ocf="..."> of conf/userconfig.xml. The daemon hands it
# on in HOLDFAST_OCF_COUNT and HOLDFAST_OCF_<n>_..., in the order of the file.

# Prints the numbers of the agents, in start order.
list_agents() {
  number=1
  while [ "$number" -le "${HOLDFAST_OCF_COUNT:-0}" ]; do
    echo "$number"
    number=$((number + 1))
  done
}

# The same, in the order in which they stop.
list_agents_reversed() {
  number=${HOLDFAST_OCF_COUNT:-0}
  while [ "$number" -ge 1 ]; do
    echo "$number"
    number=$((number - 1))
  done
}

# What agent N is called in messages: provider:type (instance).
describe() {
  eval "echo \"\${HOLDFAST_OCF_${1}_PROVIDER}:\${HOLDFAST_OCF_${1}_TYPE} (\${HOLDFAST_OCF_${1}_INSTANCE})\""
}

# Calls agent N with an action, in the environment that the standard asks for. The third argument is the time it has, in ms.
# Its exit code is the agent's; 5, not installed, where there is no such agent.
call_agent() {
  (
    eval "OCF_RESOURCE_PROVIDER=\$HOLDFAST_OCF_${1}_PROVIDER"
    eval "OCF_RESOURCE_TYPE=\$HOLDFAST_OCF_${1}_TYPE"
    eval "OCF_RESOURCE_INSTANCE=\$HOLDFAST_OCF_${1}_INSTANCE"
    parameters=
    eval "parameters=\$HOLDFAST_OCF_${1}_PARAMETERS"
    for name in $parameters; do
      eval "export OCF_RESKEY_${name}=\"\$HOLDFAST_OCF_${1}_PARAMETER_${name}\""
    done
    : "${OCF_ROOT:=/usr/lib/ocf}"
    OCF_RA_VERSION_MAJOR=1
    OCF_RA_VERSION_MINOR=1
    OCF_CHECK_LEVEL=0
    OCF_RESKEY_CRM_meta_name=$2
    OCF_RESKEY_CRM_meta_interval=0
    OCF_RESKEY_CRM_meta_timeout=$3
    export OCF_ROOT OCF_RESOURCE_PROVIDER OCF_RESOURCE_TYPE OCF_RESOURCE_INSTANCE OCF_RA_VERSION_MAJOR OCF_RA_VERSION_MINOR \
      OCF_CHECK_LEVEL OCF_RESKEY_CRM_meta_name OCF_RESKEY_CRM_meta_interval OCF_RESKEY_CRM_meta_timeout
    agent=$OCF_ROOT/resource.d/$OCF_RESOURCE_PROVIDER/$OCF_RESOURCE_TYPE
    cd / || exit 1
    [ -x "$agent" ] || exit 5
    exec "$agent" "$2"
  )
}

# An exit code in the standard's words.
code_name() {
  case $1 in
    0) echo OCF_SUCCESS ;;
    1) echo 'OCF_ERR_GENERIC (it failed)' ;;
    2) echo 'OCF_ERR_ARGS (a parameter is wrong)' ;;
    3) echo 'OCF_ERR_UNIMPLEMENTED (the agent does not know the action)' ;;
    4) echo 'OCF_ERR_PERM (privileges are missing)' ;;
    5) echo 'OCF_ERR_INSTALLED (the agent or the software is not installed)' ;;
    6) echo 'OCF_ERR_CONFIGURED (the configuration is wrong)' ;;
    7) echo 'OCF_NOT_RUNNING (not running)' ;;
    8) echo 'OCF_RUNNING_PROMOTED (running as the promoted instance)' ;;
    9) echo 'OCF_FAILED_PROMOTED (the promoted instance failed)' ;;
    *) echo "exit code $1" ;;
  esac
}

# Whether agent N says that its application is surely not running: 7, or 5 where what would run is not even installed.
is_stopped() {
  call_agent "$1" monitor 30000
  case $? in
    5 | 7) return 0 ;;
    *) return 1 ;;
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

# Has the module stopped and started again, as often as maxloop allows, and ends the script.
try_again() {
  report "$2"
  safekit stopstart -i "$1"
  exit 1
}
