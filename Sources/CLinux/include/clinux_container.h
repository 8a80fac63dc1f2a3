/* The first process of a container whose namespaces are new, another's, or the caller's, each as it is asked for. */
#pragma once
#include <stdint.h>

/* Where clinux_container_launch failed. */
enum {
    CLINUX_CONTAINER_CLONE = 1, CLINUX_CONTAINER_JOIN, CLINUX_CONTAINER_DESCRIPTORS, CLINUX_CONTAINER_CAPABILITIES,
    CLINUX_CONTAINER_EXEC,
};

enum { CLINUX_CONTAINER_JOINED = 8 };

struct clinux_container {
    int32_t program;            /* descriptor of a static program */
    int32_t socket;             /* becomes descriptor 3 of the program, and is not 3 */
    int32_t cgroup;             /* an O_PATH descriptor of the cgroup that it is born into, or -1 */
    uint32_t new_namespaces;    /* CLONE_NEW* */
    int32_t user;               /* descriptor of a user namespace to join, or -1 */
    uint32_t joined_count;
    int32_t joined[CLINUX_CONTAINER_JOINED]; /* descriptors of the other namespaces to join */
    int32_t keeps_capabilities; /* they are made ambient: an exec by an id that is not mapped would drop them */
    int32_t pidfd;              /* result: owned by the caller */
    int32_t stage;              /* result: CLINUX_CONTAINER_* that failed */
    int32_t failed;             /* result, of CLINUX_CONTAINER_JOIN: index in joined, or -1 for the user namespace */
};

/* Makes a child that runs the program, without arguments, with descriptors 0, 1, 2 and the socket. Where namespaces are
 * joined, a process of a moment does that, so that the caller stays where it is, and the child is the caller's all the same
 * (CLONE_PARENT). Each namespace is joined with the caller's privileges, or where those do not do with those of the user
 * namespace. Returns the child's pid, which the caller must reap. Between clone and exec only raw system calls are made;
 * signals are blocked meanwhile, and stay so in the child. The caller has one thread, or knows that no other changes its
 * descriptors. Linux 5.7. */
int32_t clinux_container_launch(struct clinux_container *launch);
/* setns(2) of the calling thread. */
int32_t clinux_join(int32_t namespace);
