/* A function that does not want to go: processes in sessions of their own that ignore every signal they can, with files
 * open, mapped and locked, a directory as their place, a socket that listens, and a program that runs. */
#include "probe.h"

static void hold(void) {
    setsid();
    for (int signal = 1; signal < 65; signal++)
        if (signal != SIGCHLD) sigaction(signal, &(struct sigaction){.sa_handler = SIG_IGN}, 0);
    int file = open("/tmp/held", O_RDWR | O_CREAT, 0600);
    struct flock whole = {.l_type = F_RDLCK};
    fcntl(file, F_SETLK, &whole);
    if (!ftruncate(file, 1 << 20)) {
        char *bytes = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        if (bytes != MAP_FAILED) memset(bytes, 1, 1 << 20);
    }
    unlink("/tmp/held");
    struct sockaddr_in any = {.sin_family = AF_INET};
    int end = socket(AF_INET, SOCK_STREAM, 0);
    bind(end, (struct sockaddr *)&any, sizeof any);
    listen(end, 1);
    open("/proc/self/exe", O_RDONLY);
    if (chdir("/proc/self")) _exit(1);
}

int try_hold(const char *token) {
    (void)token;
    for (int i = 0; i < 3; i++) {
        if (fork()) continue;
        hold();
        for (;;) pause();
    }
    hold();
    puts("holding");
    fflush(stdout);
    for (;;) pause();
}
