/* The parts of torpor-init and torpor-stage. Functions return a value >= 0 or -errno unless they say otherwise. */
#pragma once
#include "kernel.h"
#include "protocol.h"

/* A message as received: its body, checked for length only, and its descriptors, close-on-exec. */
struct request {
    struct torpor_message head;
    const char *body;
    int32_t descriptors[TORPOR_DESCRIPTORS];
    uint32_t descriptor_count;
};

/* A step whose offsets were found to lie within it. */
struct step_view {
    const struct torpor_step *step;
    const char *text[2];
    const void *data;
    int32_t descriptor; /* open, or -1 */
};

/* Everything that START needs. Pointers go into the plan that set them. */
struct process {
    int32_t stdio[3]; /* -1: init's own */
    int32_t program;  /* -1: its path, or without that the first argument, names it */
    const char *path;
    const char *arguments, *environment[2], *directory; /* the second environment: besides the first */
    uint32_t arguments_size, environment_size[2], replacing_size;
    uint32_t uid, gid, umask, has_terminal;
    const uint32_t *groups;
    uint32_t group_count;
    uint32_t keep_groups, no_new_privileges, has_capabilities;
    const struct torpor_step *calls[TORPOR_CALLS];
    uint32_t call_count;
    uint64_t capabilities[5]; /* bounding, effective, permitted, inheritable, ambient */
    const void *seccomp;
    uint32_t seccomp_size;
    uint64_t seccomp_flags;
    int32_t listener_socket; /* with a filter that has a listener; gets the text */
    const char *listener_text;
    int32_t passed[TORPOR_DESCRIPTORS]; /* become 3 and so on */
    uint32_t passed_count;
};

/* plan.c: checks a plan from end to end, so that nothing after it needs to. Returns 0, or -errno with *bad the step. */
long plan_check(const struct request *request, uint32_t *bad);
struct step_view plan_view(const struct request *request, const struct torpor_step *step);
static inline const struct torpor_step *plan_first(const struct request *request) {
    return (const struct torpor_step *)(request->body + sizeof(struct torpor_plan));
}
static inline const struct torpor_step *plan_next(const struct torpor_step *step) {
    return (const struct torpor_step *)((const char *)step + step->size);
}

/* plan.c: performs a WRITE or a CALL, of the container or of a process. */
long plan_call(const struct torpor_step *step);

/* container.c: performs one step below TORPOR_PROCESS_STEPS. */
long container_step(const struct step_view *view);
/* Mounts what a descriptor names over a file of the new root, which is made where there is none. */
long container_bind(int32_t source, const char *path);

/* process.c: notes one step from TORPOR_PROCESS_STEPS on; starts what was noted. process_start returns the pid, or
 * -errno with *detail from enum torpor_start; 0 for a trial, which executes nothing. */
long process_note(struct process *process, const struct step_view *view, const struct request *request);
long process_start(const struct process *process, int is_trial, uint32_t *detail);
/* This process becomes what was noted: returns only where that fails, with -errno and *detail. */
long process_become(const struct process *process, uint32_t *detail);

/* link.c: the socket to the daemon, or to torpor-oci. */
extern int32_t link_socket;
/* Sends bytes and a descriptor in one message. */
long link_pass(int32_t socket, const void *bytes, size_t count, int32_t descriptor);
/* Nobody is left to hear about a report that cannot be sent. */
void link_report(uint32_t kind, uint32_t id, uint32_t value, const struct torpor_failure *failure);
void link_report_failure(uint32_t id, uint32_t step, uint32_t op, long code, uint32_t detail);
/* Returns 0, or -errno: -EPIPE at the end of the stream. A body stays until the next call, but that of a PLAN for good;
 * link_release gives back what a request brought. */
long link_receive(struct request *request);
void link_close_descriptors(struct request *request);
void link_release(struct request *request);
