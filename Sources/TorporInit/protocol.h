/* What the daemon and torpor-init say to each other, over a SOCK_SEQPACKET pair whose one end is descriptor 3 of init;
 * and torpor-oci and torpor-stage, which knows PLAN and GO only.
 *
 * Every message is a `torpor_message` and a body of `length` bytes. A body that does not fit into one packet goes on in
 * the next ones, which carry nothing else. Descriptors (SCM_RIGHTS) come with the first packet; steps name them by
 * their index. Numbers are in the machine's byte order: both ends are on one machine.
 *
 * Sources/Sandbox/Plan/PlanFormat.swift mirrors this file; PlanFormatTests compares the two. */
#pragma once
#include <stdint.h>

enum {
    TORPOR_PROTOCOL_VERSION = 2,
    TORPOR_SOCKET = 3,
    TORPOR_PACKET_BYTES = 64 << 10,   /* header included; far below the smallest usual socket buffer */
    TORPOR_PLAN_BYTES = 2 << 20,      /* body of a PLAN: arguments and environment are at most half of it */
    TORPOR_DESCRIPTORS = 128,         /* with one message; the kernel takes 253 */
    TORPOR_CALLS = 32,                /* of one process: PROCESS_CALL and PROCESS_WRITE */
    TORPOR_SPAWNED = 256,             /* processes besides the main one that are watched at a time */
    TORPOR_LAST_CAPABILITY = 63,
};

enum torpor_kind {
    /* daemon -> init */
    TORPOR_PLAN = 1,      /* make the container and start its main process, if it has one; once, first; body: torpor_plan.
                             torpor-stage: value & 1: keep the session keyring */
    TORPOR_SPAWN = 2,     /* start one more process, which leads a session and a process group; body: torpor_plan with
                             steps from TORPOR_PROCESS_STEPS on, which replace what the plan says. When it ends, what is
                             left of its group is killed. value & 1: no STARTED */
    TORPOR_SIGNAL = 3,    /* signal `value` to the process group of the process `id` */
    TORPOR_GO = 4,        /* go on after a SYNC */
    /* init -> daemon; `id` is that of the request */
    TORPOR_STARTED = 129, /* the program runs (execve succeeded); value: its pid in the container, 0 after TORPOR_READY */
    TORPOR_FAILED = 130,  /* body: torpor_failure; after a PLAN, init ends */
    TORPOR_EXITED = 131,  /* value: wait status; after the main process, init ends. Without one init says this of the
                             plan's id and ends when SIGTERM was sent to it and no process is left */
    TORPOR_REACHED = 132, /* the plan waits at a SYNC with this `value` */
    TORPOR_MASTER = 133,  /* with it comes the master of the pseudo-terminal of a TERMINAL */
};

struct torpor_message { uint32_t kind, id, length, value; };

struct torpor_failure {
    uint32_t step;   /* index in the plan, or TORPOR_NO_STEP: the plan itself is malformed */
    uint32_t op;     /* its operation, or 0 */
    uint32_t code;   /* errno */
    uint32_t detail; /* TORPOR_START: which part of it, enum torpor_start, and above its low byte which of its calls */
};
#define TORPOR_NO_STEP 0xffffffffu

struct torpor_plan { uint32_t version, steps; };

/* One step. Texts end with a NUL and lie, like the data, between the end of this structure and `size`. */
struct torpor_step {
    uint32_t op;
    uint32_t size;        /* of the step with all that belongs to it; a multiple of 8 */
    int32_t descriptor;   /* index into the descriptors of the message, or -1 */
    uint32_t mode;
    uint64_t flags;
    uint64_t value;
    uint32_t text[2];     /* offsets from the start of the step; 0: none */
    uint32_t data;        /* offset from the start of the step, a multiple of 8; 0: none */
    uint32_t data_size;
};

/* Paths called `target` are looked up inside the new root: no symbolic link leads out of it (openat2, RESOLVE_IN_ROOT).
 * Directories on the way are made where they are missing. `attributes` are MOUNT_ATTR_*. */
enum torpor_op {
    TORPOR_BECOME_ROOT = 1, /* groups (unless flags & 1: not allowed), gid and uid 0 of the user namespace */
    TORPOR_ROOT,            /* descriptor: a detached mount, attached at text[0] of the present root */
    TORPOR_MOUNT,           /* text[0] file system, text[1] target, data: options (key or key=value), flags: attributes */
    TORPOR_ATTACH,          /* descriptor: a detached mount; text[1] target; flags: attributes */
    TORPOR_BIND,            /* text[0] path in the present root, text[1] target, flags: attributes; mode & 1: with submounts */
    TORPOR_MASK,            /* text[0] target: an empty directory or /dev/null over it; nothing where it is missing.
                               mode & 1: the present root has no /empty, and a new file system stands for it */
    TORPOR_READONLY,        /* text[0] target: read-only with its submounts; nothing where it is missing. mode & 1: the
                               mount that is there, the root itself for one, without its submounts */
    TORPOR_DIRECTORY,       /* text[0] target, mode */
    TORPOR_SYMLINK,         /* text[0] content, text[1] target; nothing where the target exists */
    TORPOR_WRITE,           /* text[0] path in the present root, which exists; data: content, in one write */
    TORPOR_CALL,            /* value: number of a system call; data: struct torpor_call, whose arguments mode explains */
    TORPOR_PIVOT,           /* the new root becomes the root; the old one is gone */
    TORPOR_SYNC,            /* torpor-stage: REACHED, then wait for GO; descriptor: a listening socket, of which the next
                               connection that says GO becomes the other side. value: which one this is */
    TORPOR_TERMINAL,        /* torpor-stage, after the pivot: the standard streams are a pseudo-terminal of /dev/pts, of flags
                               rows and value columns, that belongs to user mode; text[0]: where else to mount it */
    TORPOR_ENTER,           /* torpor-stage, as the first step: joins the namespaces of data: int32, indices of descriptors, and of
                               descriptor: a user namespace; goes on as another child of its parent. REACHED with the pid of
                               that, which waits for GO, is the last it says itself. mode & 1: then root of the user
                               namespace; mode & 2: but keeping the groups */

    TORPOR_PROCESS_STEPS = 64,
    TORPOR_STDIO = 64,      /* data: three int32, indices of the descriptors that become 0, 1 and 2; -1 in a SPAWN: /dev/null,
                               or what the plan gave where there is no main process. mode & 1: 0 is a terminal, which
                               becomes the controlling one */
    TORPOR_ARGUMENTS,       /* data: texts, at least one; descriptor: the program, or text[0]: its path, else the first
                               of the texts names it */
    TORPOR_ENVIRONMENT,     /* data: texts; without data: none. mode & 1: besides what is there; mode & 2: in the place
                               of what has the same name there */
    TORPOR_WORKING_DIRECTORY, /* text[0] */
    TORPOR_IDENTITY,        /* value: uid, flags: gid, mode: umask, data: uint32 additional groups; descriptor -1 */
    TORPOR_KEEP_GROUPS,     /* setgroups(2) is not allowed here */
    TORPOR_PROCESS_WRITE,   /* TORPOR_WRITE and TORPOR_CALL, by the process itself, in their order: in the container, while */
    TORPOR_PROCESS_CALL,    /* it is root there; those of a SPAWN after those of the plan */
    TORPOR_CAPABILITIES,    /* data: uint64 masks: bounding, effective, permitted, inheritable, ambient */
    TORPOR_NO_NEW_PRIVILEGES,
    TORPOR_SECCOMP,         /* data: struct sock_filter; flags: SECCOMP_FILTER_FLAG_*; descriptor: a connected socket, which
                               gets text[0] and with it the listener of a filter that has one */
    TORPOR_PASS,            /* data: int32, indices of the descriptors that become 3, 4 and so on */
    TORPOR_START,           /* the last step */
    TORPOR_READY,           /* the last step of a PLAN without a main process: its arguments name a program that is there */
    TORPOR_OPS,
};

/* Where bit i of the step's mode is set, argument i is an offset into the data, and becomes an address; where bit 8 + i
 * is, it becomes what the last call gave that had no such argument. */
struct torpor_call { uint64_t arguments[6]; /* and what they point to */ };

/* Where TORPOR_START or TORPOR_READY failed. */
enum torpor_start {
    TORPOR_START_CLONE = 1, TORPOR_START_SESSION, TORPOR_START_STDIO, TORPOR_START_CALLS, TORPOR_START_IDENTITY,
    TORPOR_START_DIRECTORY, TORPOR_START_CAPABILITIES, TORPOR_START_SECCOMP, TORPOR_START_EXEC,
};

_Static_assert(sizeof(struct torpor_message) == 16, "wire format");
_Static_assert(sizeof(struct torpor_failure) == 16, "wire format");
_Static_assert(sizeof(struct torpor_plan) == 8, "wire format");
_Static_assert(sizeof(struct torpor_step) == 48, "wire format");
_Static_assert(__builtin_offsetof(struct torpor_step, flags) == 16, "wire format");
_Static_assert(__builtin_offsetof(struct torpor_step, text) == 32, "wire format");
_Static_assert(__builtin_offsetof(struct torpor_step, data) == 40, "wire format");
_Static_assert(sizeof(struct torpor_call) == 48, "wire format");
_Static_assert(TORPOR_ROOT == 2 && TORPOR_PIVOT == 12 && TORPOR_START == 76, "wire format");
