# shellcheck shell=bash disable=SC2154
# torpor -H ssh://…, through a real sshd: from an account that may not open the control socket, with files that it alone
# may read, to one in the group torpor.
fresh
systemctl start ssh
id me &>/dev/null || useradd --create-home --shell /bin/bash me
id box &>/dev/null || useradd --create-home --shell /bin/bash --groups torpor box
as_me() { runuser -u me -- env -C /home/me HOME=/home/me "$@"; }
as_me ssh-keygen -q -t ed25519 -N '' -f /home/me/.ssh/id_ed25519 <<<y >/dev/null
ssh-keyscan -t ed25519 127.0.0.1 2>/dev/null | as_me tee /home/me/.ssh/known_hosts >/dev/null
# One login for all commands, as docs/operations.md advises.
printf 'ControlMaster auto\nControlPath ~/.ssh/%%r@%%h\nControlPersist 60\n' | as_me tee /home/me/.ssh/config >/dev/null
install -d -m 700 -o box -g box /home/box/.ssh
install -m 600 -o box -g box /home/me/.ssh/id_ed25519.pub /home/box/.ssh/authorized_keys
remote() { as_me torpor -H ssh://box@127.0.0.1 "$@"; }

if as_me torpor list >/tmp/ssh-local 2>&1; then fail "the client's account may open the socket itself"; fi
rm -rf /home/me/bundle && mkdir -p /home/me/bundle
cp -a /opt/torpor/worker /home/me/bundle/rootfs
cat >/home/me/bundle/config.json <<'END'
{
  "ociVersion": "1.0.2",
  "root": {"path": "rootfs"},
  "process": {"user": {"uid": 0, "gid": 0}, "cwd": "/", "args": ["/usr/bin/worker"], "env": ["PATH=/usr/bin"]},
  "linux": {"namespaces": [
    {"type": "pid"}, {"type": "network"}, {"type": "mount"}, {"type": "ipc"}, {"type": "uts"}
  ]}
}
END
chown -R me: /home/me/bundle
chmod 700 /home/me/bundle
remote deploy far --bundle bundle || fail "deploy"
[[ $(call far/) == ok ]] || fail "no answer from this side"
[[ $(remote invoke far) == ok ]] || fail "no answer from the other side"
[[ $(remote --output json list | jq -r '.functions[].name') == far ]] || fail "list: $(remote list)"
rm -rf /home/me/bundle
torpor scale far 0
[[ $(remote invoke far) == ok ]] || fail "the function went with the client's folder"
if as_me torpor -H ssh://nobody@127.0.0.1 list >/tmp/ssh-refused 2>&1; then fail "a stranger was let in"; fi
grep -q 'Permission denied' /tmp/ssh-refused || fail "ssh's own words are not shown: $(cat /tmp/ssh-refused)"
grep -q 'ssh://nobody@127.0.0.1' /tmp/ssh-refused || fail "the host is not named: $(cat /tmp/ssh-refused)"
remote remove far >/dev/null
[[ $(torpor --output json list | jq '.functions | length') == 0 ]] || fail "it is still there"
as_me ssh -O exit box@127.0.0.1 2>/dev/null || fail "every command has logged in anew"
systemctl stop ssh
echo "a bundle deployed, called, listed and removed from another account"
