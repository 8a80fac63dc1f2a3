/* torpor-stage: the first process of a container that torpor-oci makes. It carries out the plan, as torpor-init does,
 * waits where the plan says so, and becomes the program: nothing of it stays. It decides nothing. */
#include "stage.h"

#include <asm/ioctls.h>
#include <asm/signal.h>
#include <asm/termios.h>
#include <linux/fs.h>
#include <linux/keyctl.h>
#include <linux/prctl.h>

enum { SIGNAL_SET_BYTES = 8, NO_TERMINAL = O_RDWR | O_NOCTTY | O_CLOEXEC };
/* Above every number that a passed descriptor may get. */
enum { LINK_NUMBER = 2 * TORPOR_DESCRIPTORS + 3 };

static struct process program;

static __attribute__((noreturn)) void end(int code) {
    for (;;) kernel(exit_group, code);
}

static long move_link(long socket) {
    long moved = kernel(fcntl, socket, F_DUPFD_CLOEXEC, LINK_NUMBER);
    kernel(close, socket);
    if (moved < 0) return moved;
    kernel(close, link_socket);
    link_socket = (int32_t)moved;
    return 0;
}

int stage_is_told_to_go(void) {
    struct request request;
    long result = link_receive(&request);
    if (result >= 0) link_close_descriptors(&request);
    return result >= 0 && request.head.kind == TORPOR_GO;
}

/* Whoever connects and goes away again was interrupted: the next one may start the container. */
static long synchronise(const struct step_view *view) {
    link_report(TORPOR_REACHED, 0, (uint32_t)view->step->value, 0);
    if (view->descriptor < 0) {
        if (!stage_is_told_to_go()) end(1);
        return 0;
    }
    do {
        long connection = kernel(accept4, view->descriptor, 0, 0, O_CLOEXEC);
        if (connection == -EINTR || connection == -ECONNABORTED) continue;
        long result = connection < 0 ? connection : move_link(connection);
        if (result < 0) return result;
    } while (!stage_is_told_to_go());
    return 0;
}

static void send_master(int32_t master) {
    struct torpor_message head = {TORPOR_MASTER, 0, 0, 0};
    link_pass(link_socket, &head, sizeof head, master);
}

/* Of the container's own devpts, so that the terminal has a name there. */
static long make_terminal(const struct step_view *view) {
    struct winsize size = {(uint16_t)view->step->flags, (uint16_t)view->step->value, 0, 0};
    int32_t unlocked = 0;
    long master = kernel(openat, AT_FDCWD, "/dev/pts/ptmx", NO_TERMINAL, 0);
    if (master < 0) return master;
    long result = kernel(ioctl, master, TIOCSPTLCK, &unlocked), terminal = -1;
    if (result >= 0) result = terminal = kernel(ioctl, master, TIOCGPTPEER, NO_TERMINAL);
    if (result >= 0 && (size.ws_row || size.ws_col)) result = kernel(ioctl, terminal, TIOCSWINSZ, &size);
    if (result >= 0) result = kernel(fchown, terminal, view->step->mode, -1);
    if (result >= 0 && view->text[0]) result = container_bind(terminal, view->text[0]);
    if (result >= 0) send_master((int32_t)master);
    kernel(close, master);
    if (result < 0) return result;
    for (int i = 0; i < 3; i++) program.stdio[i] = (int32_t)terminal;
    program.has_terminal = 1;
    return 0;
}

static long perform(const struct step_view *view, const struct request *request, uint32_t *detail) {
    switch (view->step->op) {
    case TORPOR_SYNC: return synchronise(view);
    case TORPOR_TERMINAL: return make_terminal(view);
    case TORPOR_ENTER: return stage_enter(view, request);
    case TORPOR_START: return process_become(&program, detail);
    default:
        return view->step->op < TORPOR_PROCESS_STEPS ? container_step(view) : process_note(&program, view, request);
    }
}

/* A new session's keys are nobody else's (keyctl(2)). Now, since what root owns is held to no ordinary user's quota. A
 * kernel may know no keys, or allow none. */
static void leave_keyring(void) {
    long keyring = kernel(keyctl, KEYCTL_JOIN_SESSION_KEYRING, 0);
    if (keyring < 0 && keyring != -ENOSYS && keyring != -EPERM) end(1);
}

void program_main(__attribute__((unused)) const long *stack) {
    static struct request request;
    uint32_t bad;
    /* What is passed on comes with the plan. */
    if (kernel(close_range, TORPOR_SOCKET + 1, ~0u, 0) < 0) end(1);
    kernel(prctl, PR_SET_NAME, "torpor-stage", 0, 0, 0);
    struct sigaction as_usual = {0};
    for (int signal = 1; signal <= 64; signal++) kernel(rt_sigaction, signal, &as_usual, 0, SIGNAL_SET_BYTES);
    for (int i = 0; i < 3; i++) program.stdio[i] = -1;
    program.program = -1;
    if (move_link(kernel(fcntl, TORPOR_SOCKET, F_DUPFD_CLOEXEC, 4)) < 0) end(1);
    if (link_receive(&request) < 0 || request.head.kind != TORPOR_PLAN) end(1);
    if (!(request.head.value & 1)) leave_keyring();
    long result = plan_check(&request, &bad);
    if (result < 0) {
        link_report_failure(0, bad, 0, result, 0);
        end(1);
    }
    const struct torpor_step *step = plan_first(&request);
    for (uint32_t i = 0;; i++, step = plan_next(step)) {
        struct step_view view = plan_view(&request, step);
        uint32_t detail = 0;
        result = perform(&view, &request, &detail);
        if (result < 0) link_report_failure(0, i, step->op, result, detail);
        if (result < 0) end(1);
    }
}
