# shellcheck shell=bash disable=SC2154
# The machine's power goes while it deploys and serves, twice: what the kernel had not written is lost. Every deploy
# that was acknowledged is there afterwards and answers, and so is whatever else is listed.
#
# What was acknowledged is kept on another disk, so that writing it down writes nothing of the daemon's.
rounds=2
acknowledged=/opt/torpor/acknowledged
root=/var/lib/system-tests/root

# deploy_number I: one of four functions gets a root filesystem that no deploy had before.
deploy_number() {
    rm -rf $root
    cp -a /opt/torpor/worker $root
    echo "$1" >$root/data
    torpor deploy "cut-$(($1 % 4))" --rootfs $root -- /usr/bin/worker >/dev/null
}

if ((part == 0)); then
    fresh
    systemctl enable --quiet torpord
    rm -f $acknowledged
    touch $acknowledged
else
    eventually 120 running
    for name in $(torpor --output json list | jq -r '.functions[].name'); do
        number=$(call "$name/line")
        last=$(awk -v n="${name#cut-}" '$1 % 4 == n { last = $1 } END { print last + 0 }' $acknowledged)
        ((number >= last && number % 4 == ${name#cut-})) || fail "$name answers '$number'; $last was acknowledged"
    done
    listed=$(torpor --output json list | jq '.functions | length')
    promised=$(awk '{ seen[$1 % 4] = 1 } END { print length(seen) }' $acknowledged)
    ((listed >= promised)) || fail "$listed functions are listed; $promised were acknowledged: $(torpor list)"
    echo "round $part: $(wc -l <$acknowledged) acknowledged, $listed functions answer"
fi

if ((part < rounds)); then
    goes_down
    next=$(($(tail -n 1 $acknowledged | grep . || echo 0) + 2))
    deploy_number "$next"
    echo "$next" >>$acknowledged
    sync $acknowledged
    (
        sleep "$((5 + RANDOM % 10)).$((RANDOM % 1000))"
        echo CUT >/dev/ttyS1
    ) &
    # A deploy that fails is no power cut.
    trap 'kill $(jobs -p)' EXIT
    for caller in 1 2; do
        while :; do call "cut-$((RANDOM % 4))/line"; done &>"/run/caller-$caller" &
    done
    while :; do
        next=$((next + 1))
        deploy_number "$next"
        echo "$next" >>$acknowledged
        sync $acknowledged
    done
fi

systemctl disable --quiet torpord
echo "$rounds power cuts, $(wc -l <$acknowledged) deploys acknowledged, all there"
