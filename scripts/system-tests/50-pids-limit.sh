# shellcheck shell=bash disable=SC2154
# A fork bomb stops at pids.max, and the host does not feel it.
fresh
cat >/tmp/torpor.yaml <<YAML
functions:
  bomb:
    rootfs: /opt/torpor/worker
    command: ["/usr/bin/worker"]
    limits: {pids: 40}
YAML
torpor apply -f /tmp/torpor.yaml
before=$(ps -e --no-headers | wc -l)
children=$(call bomb/fork)
((children > 10 && children < 40)) || fail "$children children of 40 processes"
[[ $(call bomb/) == ok ]] || fail "it does not answer after that"
after=$(ps -e --no-headers | wc -l)
((after < before + 20)) || fail "$before processes before, $after after"
echo "$children children, then EAGAIN"
