#include "clinux_bpf.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel wants what it does not know to be zero, padding too. */
#define ATTRIBUTES(name) union bpf_attr name; memset(&name, 0, sizeof name)

static int bpf(int command, union bpf_attr *attributes) {
    long result = syscall(SYS_bpf, command, attributes, sizeof *attributes);
    return result < 0 ? -errno : (int)result;
}

static uint64_t address(const void *pointer) { return (uint64_t)(uintptr_t)pointer; }

int32_t clinux_device_program(const uint64_t *instructions, uint32_t count, char *log, uint32_t size) {
    _Static_assert(sizeof(struct bpf_insn) == sizeof *instructions, "an instruction has 8 bytes");
    ATTRIBUTES(load);
    load.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    load.expected_attach_type = BPF_CGROUP_DEVICE;
    load.insns = address(instructions);
    load.insn_cnt = count;
    /* It calls no helper, so any licence does. */
    load.license = address("Torpor");
    strncpy(load.prog_name, "torpor_devices", sizeof load.prog_name - 1);
    log[0] = 0;
    int program = bpf(BPF_PROG_LOAD, &load);
    if (program >= 0 || program == -EPERM) return program;
    /* Once more for the verifier's words, which cost time and may not fit. */
    load.log_buf = address(log);
    load.log_size = size;
    load.log_level = 1;
    int again = bpf(BPF_PROG_LOAD, &load);
    return again == -ENOSPC ? program : again;
}

int32_t clinux_device_attach(int32_t cgroup, int32_t program, int32_t replaced) {
    ATTRIBUTES(attach);
    attach.target_fd = (uint32_t)cgroup;
    attach.attach_bpf_fd = (uint32_t)program;
    attach.attach_type = BPF_CGROUP_DEVICE;
    attach.attach_flags = BPF_F_ALLOW_MULTI;
    if (replaced >= 0) {
        attach.attach_flags |= BPF_F_REPLACE;
        attach.replace_bpf_fd = (uint32_t)replaced;
    }
    return bpf(BPF_PROG_ATTACH, &attach);
}

int32_t clinux_device_detach(int32_t cgroup, int32_t program) {
    ATTRIBUTES(detach);
    detach.target_fd = (uint32_t)cgroup;
    detach.attach_bpf_fd = (uint32_t)program;
    detach.attach_type = BPF_CGROUP_DEVICE;
    return bpf(BPF_PROG_DETACH, &detach);
}

int32_t clinux_device_attached(int32_t cgroup, uint32_t *ids, uint32_t capacity) {
    ATTRIBUTES(query);
    query.query.target_fd = (uint32_t)cgroup;
    query.query.attach_type = BPF_CGROUP_DEVICE;
    query.query.prog_ids = address(ids);
    query.query.prog_cnt = capacity;
    int result = bpf(BPF_PROG_QUERY, &query);
    return result < 0 ? result : (int32_t)query.query.prog_cnt;
}

int32_t clinux_device_program_with_id(uint32_t id) {
    ATTRIBUTES(of);
    of.prog_id = id;
    return bpf(BPF_PROG_GET_FD_BY_ID, &of);
}
