/* A process of the container: what it is to have is noted step by step, then START makes it: of a child that shares
 * init's memory, and so can tell the exact errno of its execve without a pipe, or of this very process. */
#include "init.h"

#include <asm/ioctls.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>

enum { SET_MASK = 2, SIGNAL_SET_BYTES = 8, PATH_BYTES = 4096, EXECUTABLE = 1 };

long process_note(struct process *process, const struct step_view *view, const struct request *request) {
    const struct torpor_step *step = view->step;
    switch (step->op) {
    case TORPOR_STDIO:
        for (int i = 0; i < 3; i++) {
            int32_t index = ((const int32_t *)view->data)[i];
            process->stdio[i] = index < 0 ? -1 : request->descriptors[index];
        }
        process->has_terminal = step->mode & 1;
        return 0;
    case TORPOR_ARGUMENTS:
        process->program = view->descriptor;
        process->path = view->text[0];
        process->arguments = view->data;
        process->arguments_size = step->data_size;
        return 0;
    case TORPOR_ENVIRONMENT:
        process->environment[step->mode & 1] = view->data;
        process->environment_size[step->mode & 1] = view->data ? step->data_size : 0;
        process->replacing_size = step->mode & 2 ? process->environment_size[1] : 0;
        return 0;
    case TORPOR_WORKING_DIRECTORY: process->directory = view->text[0]; return 0;
    case TORPOR_IDENTITY:
        process->uid = (uint32_t)step->value;
        process->gid = (uint32_t)step->flags;
        process->umask = step->mode;
        process->groups = view->data;
        process->group_count = view->data ? step->data_size / 4 : 0;
        return 0;
    case TORPOR_KEEP_GROUPS: process->keep_groups = 1; return 0;
    case TORPOR_PROCESS_WRITE:
    case TORPOR_PROCESS_CALL:
        if (process->call_count == TORPOR_CALLS) return -E2BIG;
        process->calls[process->call_count++] = step;
        return 0;
    case TORPOR_CAPABILITIES:
        memcpy(process->capabilities, view->data, sizeof process->capabilities);
        process->has_capabilities = 1;
        return 0;
    case TORPOR_NO_NEW_PRIVILEGES: process->no_new_privileges = 1; return 0;
    case TORPOR_SECCOMP:
        process->seccomp = view->data;
        process->seccomp_size = step->data_size;
        process->seccomp_flags = step->flags;
        process->listener_text = view->descriptor >= 0 ? view->text[0] : 0;
        if (!process->listener_text) return 0;
        /* Where no passed descriptor comes to lie. */
        return process->listener_socket = (int32_t)kernel(fcntl, view->descriptor, F_DUPFD_CLOEXEC, 3 + TORPOR_DESCRIPTORS);
    case TORPOR_PASS:
        process->passed_count = step->data_size / 4;
        for (uint32_t i = 0; i < process->passed_count; i++)
            process->passed[i] = request->descriptors[((const int32_t *)view->data)[i]];
        return 0;
    default: return -ENOSYS;
    }
}

enum manner { SPAWN, TRIAL, BECOME };

/* What the child and the waiting parent share. */
struct start {
    const struct process *process;
    char **arguments, **environment;
    enum manner manner;
    uint32_t detail;
    long error;
};

/* Out of the way first: some of them may have the numbers that others are to get. */
static long pass_descriptors(const struct process *process) {
    int32_t copies[TORPOR_DESCRIPTORS];
    long result = 0;
    for (uint32_t i = 0; i < process->passed_count && result >= 0; i++)
        result = copies[i] = (int32_t)kernel(fcntl, process->passed[i], F_DUPFD_CLOEXEC, 3 + TORPOR_DESCRIPTORS);
    for (uint32_t i = 0; i < process->passed_count && result >= 0; i++)
        result = kernel(dup3, copies[i], 3 + i, 0);
    return result;
}

static long set_stdio(const struct process *process) {
    /* Received descriptors are above 2: init keeps 0 to 2 open. */
    for (int i = 0; i < 3; i++) {
        long result = process->stdio[i] < 0 ? 0 : kernel(dup3, process->stdio[i], i, 0);
        if (result < 0) return result;
    }
    long result = process->has_terminal ? kernel(ioctl, 0, TIOCSCTTY, 0) : 0;
    if (result >= 0) result = pass_descriptors(process);
    return result < 0 ? result : kernel(close_range, 3 + process->passed_count, ~0u, CLOSE_RANGE_CLOEXEC);
}

static long make_calls(const struct process *process, uint32_t *detail) {
    long result = 0;
    for (uint32_t i = 0; i < process->call_count && result >= 0; i++) {
        *detail = TORPOR_START_CALLS | i << 8;
        result = plan_call(process->calls[i]);
    }
    return result;
}

static long drop_bounding(uint64_t keep) {
    for (long bit = 0; bit <= TORPOR_LAST_CAPABILITY; bit++) {
        if (keep >> bit & 1) continue;
        long result = kernel(prctl, PR_CAPBSET_DROP, bit, 0, 0, 0);
        if (result == -EINVAL) return 0; /* beyond the last one that this kernel knows */
        if (result < 0) return result;
    }
    return 0;
}

static long set_identity(const struct process *process) {
    long result = process->has_capabilities ? drop_bounding(process->capabilities[0]) : 0;
    if (result >= 0) result = kernel(prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0);
    if (result >= 0 && !process->keep_groups) result = kernel(setgroups, process->group_count, process->groups);
    if (result >= 0) result = kernel(setresgid, process->gid, process->gid, process->gid);
    if (result >= 0) result = kernel(setresuid, process->uid, process->uid, process->uid);
    kernel(umask, process->umask);
    return result;
}

static long set_capabilities(const struct process *process) {
    if (!process->has_capabilities) return 0;
    const uint64_t *mask = process->capabilities;
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    for (int half = 0; half < 2; half++) {
        data[half].effective = (uint32_t)(mask[1] >> (32 * half));
        data[half].permitted = (uint32_t)(mask[2] >> (32 * half));
        data[half].inheritable = (uint32_t)(mask[3] >> (32 * half));
    }
    long result = kernel(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (result >= 0) result = kernel(capset, &header, data);
    for (long bit = 0; bit <= TORPOR_LAST_CAPABILITY && result >= 0; bit++)
        if (mask[4] >> bit & 1) result = kernel(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, bit, 0, 0);
    return result;
}

/* The change of user took what was effective; without no_new_privs the filter needs CAP_SYS_ADMIN once more. */
static long regain_capabilities(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    long result = kernel(capget, &header, data);
    for (int half = 0; half < 2; half++) data[half].effective = data[half].permitted;
    return result < 0 ? result : kernel(capset, &header, data);
}

static long set_seccomp(const struct process *process) {
    struct { uint16_t length; const void *filter; } program = {process->seccomp_size / 8, process->seccomp};
    if (!process->seccomp) return 0;
    long listener = kernel(seccomp, SECCOMP_SET_MODE_FILTER, process->seccomp_flags, &program);
    if (listener <= 0 || !process->listener_text) return listener;
    /* By this process itself: the other side of its own socket cannot take the listener before it has gone on. */
    return link_pass(process->listener_socket, process->listener_text, text_length(process->listener_text), (int32_t)listener);
}

static long try_program(const char *path, const struct start *start, int is_trial) {
    return is_trial ? kernel(faccessat, AT_FDCWD, path, EXECUTABLE)
                    : kernel(execve, path, start->arguments, start->environment);
}

/* fexecve(3), or execvpe(3): a name without a slash is looked for along PATH. ENOENT unless some file was found but refused. */
static long execute(const struct start *start, int is_trial) {
    const char *name = start->arguments[0], *path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    size_t length = text_length(name);
    if (start->process->program >= 0)
        return is_trial ? 0 : kernel(execveat, start->process->program, "", start->arguments, start->environment, AT_EMPTY_PATH);
    if (start->process->path) return try_program(start->process->path, start, is_trial);
    for (const char *at = name; *at; at++)
        if (*at == '/') return try_program(name, start, is_trial);
    for (char **entry = start->environment; *entry; entry++)
        if ((*entry)[0] == 'P' && (*entry)[1] == 'A' && (*entry)[2] == 'T' && (*entry)[3] == 'H' && (*entry)[4] == '=')
            path = *entry + 5;
    long outcome = -ENOENT;
    char candidate[PATH_BYTES];
    while (length) {
        size_t directory = 0;
        while (path[directory] && path[directory] != ':') directory++;
        if (directory + length + 2 <= sizeof candidate) {
            memcpy(candidate, path, directory);
            candidate[directory] = '/';
            memcpy(candidate + directory + !!directory, name, length + 1);
            long result = try_program(candidate, start, is_trial);
            if (result == -EACCES) outcome = result;
            else if (result != -ENOENT && result != -ENOTDIR) return result;
        }
        if (!path[directory]) break;
        path += directory + 1;
    }
    return outcome;
}

/* A directory outside of the root, which a link to somebody's descriptor could lead to (CVE-2024-21626), has no path that
 * begins there. */
static long enter_directory(const char *path) {
    char where[PATH_BYTES];
    if (!path) return 0;
    long result = kernel(chdir, path);
    if (result >= 0) result = kernel(getcwd, where, sizeof where);
    return result < 0 ? result : where[0] == '/' ? 0 : -EXDEV;
}

/* The order matters: calls while init's capabilities last, the directory as the user who must be able to enter it,
 * and the filter last, since it may forbid any of the others; without no_new_privs it needs CAP_SYS_ADMIN, so then it
 * comes before the capabilities go. */
static int run_child(void *argument) {
    struct start *start = argument;
    const struct process *process = start->process;
    uint64_t no_signals = 0;
    int early_filter = !process->no_new_privileges;
#define PART(name, call) \
    start->detail = name; \
    if ((start->error = (call)) < 0) return 127;
    /* kill(0) of one process of the container must reach neither init nor what else init starts. */
    PART(TORPOR_START_SESSION, kernel(setsid))
    PART(TORPOR_START_STDIO, set_stdio(process))
    PART(TORPOR_START_CALLS, make_calls(process, &start->detail))
    PART(TORPOR_START_IDENTITY, set_identity(process))
    PART(TORPOR_START_DIRECTORY, enter_directory(process->directory))
    if (start->manner != SPAWN) {
        /* What becomes the program can tell less and less: the filter may forbid it to. */
        PART(TORPOR_START_EXEC, execute(start, 1))
        if (start->manner == TRIAL) return 0;
    }
    kernel(rt_sigprocmask, SET_MASK, &no_signals, 0, SIGNAL_SET_BYTES);
    if (early_filter) {
        PART(TORPOR_START_CAPABILITIES, regain_capabilities())
        PART(TORPOR_START_SECCOMP, set_seccomp(process))
    }
    PART(TORPOR_START_CAPABILITIES, set_capabilities(process))
    if (!early_filter) {
        PART(TORPOR_START_CAPABILITIES, kernel(prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        PART(TORPOR_START_SECCOMP, set_seccomp(process))
    }
    PART(TORPOR_START_EXEC, execute(start, 0))
    return 127;
#undef PART
}

/* Whether one of the texts is a variable of the same name. */
static int names_it(const char *variable, const char *texts, uint32_t size) {
    for (const char *end = texts + size; texts < end; texts += text_length(texts) + 1)
        for (size_t i = 0; variable[i] && variable[i] == texts[i]; i++)
            if (variable[i] == '=') return 1;
    return 0;
}

/* Without what `others` name. Returns where the next pointer goes. */
static char **point_at(char **pointers, const char *texts, uint32_t size, const char *others, uint32_t others_size) {
    for (const char *end = texts + size; texts < end; texts += text_length(texts) + 1)
        if (!names_it(texts, others, others_size)) *pointers++ = (char *)texts;
    *pointers = 0;
    return pointers;
}

/* A pointer for each byte is more than one for each text. */
static size_t pointer_bytes(const struct process *process) {
    size_t texts = (size_t)process->arguments_size + process->environment_size[0] + process->environment_size[1];
    return (texts + 2) * sizeof(char *);
}

static long prepare(const struct process *process, struct start *start) {
    start->detail = TORPOR_START_CLONE;
    if (!process->arguments || !process->arguments[0]) return -EINVAL;
    /* PROT_READ | PROT_WRITE; MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE. */
    long memory = kernel(mmap, 0, pointer_bytes(process), 3, 0x4022, -1, 0);
    if (memory < 0) return memory;
    start->arguments = (char **)memory;
    start->environment = point_at(start->arguments, process->arguments, process->arguments_size, 0, 0) + 1;
    char **more = point_at(start->environment, process->environment[0], process->environment_size[0],
                           process->environment[1], process->replacing_size);
    point_at(more, process->environment[1], process->environment_size[1], 0, 0);
    return 0;
}

long process_start(const struct process *process, int is_trial, uint32_t *detail) {
    struct start start = {.process = process, .manner = is_trial ? TRIAL : SPAWN};
    long pid = prepare(process, &start);
    if (pid >= 0) {
        pid = spawn_on_stack(run_child, &start);
        kernel(munmap, start.arguments, pointer_bytes(process));
    }
    *detail = start.detail;
    if (pid < 0) return pid;
    /* execve does not return where it succeeds, so `error` is then still the 0 of the part before. The one that failed
     * is reaped with all others. */
    return start.error < 0 ? start.error : is_trial ? 0 : pid;
}

long process_become(const struct process *process, uint32_t *detail) {
    struct start start = {.process = process, .manner = BECOME};
    long result = prepare(process, &start);
    if (result >= 0) run_child(&start);
    *detail = start.detail;
    return result < 0 ? result : start.error;
}
