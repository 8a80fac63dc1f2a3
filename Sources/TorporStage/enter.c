/* Entering a container that is there: torpor-stage joins its namespaces and goes on as another process, since a process
 * cannot change its own pid namespace. All of this runs from the sealed copy of torpor-stage, so that no process of the
 * container ever sees a program of the host's behind a process that comes in (CVE-2019-5736). */
#include "stage.h"

#include <asm/signal.h>
#include <linux/prctl.h>
#include <linux/sched.h>

static long join(int32_t namespace) { return kernel(setns, namespace, 0); }

/* Each namespace with the privileges that came along, or where those do not do with those in the user namespace, which
 * therefore comes last but for the others that wait for it. */
static long join_all(const struct step_view *view, const struct request *request) {
    const int32_t *index = view->data;
    uint32_t count = view->step->data_size / 4;
    uint8_t later[TORPOR_DESCRIPTORS] = {0};
    for (uint32_t i = 0; i < count; i++) {
        long result = join(request->descriptors[index[i]]);
        if (result == -EPERM && view->descriptor >= 0) later[i] = 1;
        else if (result < 0) return result;
    }
    long result = view->descriptor >= 0 ? join(view->descriptor) : 0;
    for (uint32_t i = 0; i < count && result >= 0; i++)
        if (later[i]) result = join(request->descriptors[index[i]]);
    return result;
}

static long take_root_ids(uint32_t keep_groups) {
    long result = keep_groups ? 0 : kernel(setgroups, 0, 0);
    if (result >= 0) result = kernel(setresgid, 0, 0, 0);
    return result < 0 ? result : kernel(setresuid, 0, 0, 0);
}

long stage_enter(const struct step_view *view, const struct request *request) {
    /* Who is inside must not look at the descriptors of who comes in; the exec takes this back. */
    long result = kernel(prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (result >= 0) result = join_all(view, request);
    if (result < 0) return result;
    /* A child of who waits for this process; it has a copy of its memory, and goes on from here. */
    struct clone_args arguments = {.flags = CLONE_PARENT};
    long child = kernel(clone3, &arguments, sizeof arguments);
    if (child < 0) return child;
    if (child) {
        link_report(TORPOR_REACHED, 0, (uint32_t)child, 0);
        for (;;) kernel(exit_group, 0);
    }
    if (!stage_is_told_to_go()) kernel(exit_group, 1);
    return view->step->mode & 1 ? take_root_ids(view->step->mode & 2) : 0;
}
