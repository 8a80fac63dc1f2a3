/* What torpor-init and torpor-stage see of a kernel: packets are the input's, each with the number of descriptors that come
 * with it, its length and its bytes. Paths are read to their ends, memory is as large as was asked for. */
#pragma once
#include "harness.h"

#include <asm/poll.h>
#include <asm/signal.h>
#include <linux/signal.h>
#include <linux/signalfd.h>
#include <linux/stat.h>

#include "../../../Sources/TorporInit/init.h"

static int32_t next_descriptor, next_process, ended, child_depth;
static int is_signal;
static char names[8192];
static void *mapped[64];

static long map(size_t size) {
    for (int i = 0; i < 64; i++)
        if (!mapped[i]) return (long)(mapped[i] = calloc(1, size));
    return -ENOMEM;
}

static long unmap(void *memory) {
    for (int i = 0; i < 64; i++) {
        if (mapped[i] != memory) continue;
        mapped[i] = 0;
        free(memory);
        return 0;
    }
    abort();
}

/* What a path step hands to the kernel is a text that ends. */
static long with_path(long path, long result) {
    const char *text = (const char *)path;
    size_t length = text_length(text);
    memcpy(names, text, length < sizeof names ? length : sizeof names);
    return usually(result);
}

static long receive_packet(struct socket_message *message) {
    uint32_t count = next_byte(), length = next_byte();
    length |= (uint32_t)next_byte() << 8;
    if (!fuzz_left) return 0;
    struct control_header *header = message->control;
    uint32_t descriptors = count % (TORPOR_DESCRIPTORS + 1);
    header->length = sizeof *header + 4 * descriptors;
    header->level = LEVEL_SOCKET;
    header->type = RIGHTS;
    message->control_length = header->length;
    for (uint32_t i = 0; i < descriptors; i++) ((int32_t *)(header + 1))[i] = next_descriptor++;
    size_t most = message->parts[0].length;
    return next_bytes(message->parts[0].base, length < most ? length : most);
}

static long wait_for_anybody(siginfo_t *dead) {
    dead->si_pid = ended;
    return 0;
}

static long read_signals(struct signalfd_siginfo *signals) {
    memset(signals, 0, sizeof *signals);
    signals->ssi_signo = next_byte() % 64 + 1;
    ended = next_process > 2 ? (int32_t)random_below(next_process) : 0;
    return sizeof *signals;
}

/* A program that runs does not come back. */
static long become(long path) {
    long result = with_path(path, 0);
    if (result >= 0 && !child_depth) longjmp(fuzz_over, 1);
    return result;
}

long call6(long number, long a, long b, long c, long d, long e, long f) {
    (void)d, (void)e, (void)f;
    switch (number) {
    case __NR_exit_group:
        if (!child_depth) longjmp(fuzz_over, 1);
        return 0;
    case __NR_ppoll:
        if (!fuzz_left) longjmp(fuzz_over, 1);
        is_signal = random_below(8) == 0;
        ((struct pollfd *)a)[0].revents = is_signal ? 0 : POLLIN;
        ((struct pollfd *)a)[1].revents = is_signal ? POLLIN : 0;
        return 1;
    case __NR_recvmsg: return receive_packet((struct socket_message *)b);
    case __NR_recvfrom: return (long)next_bytes((void *)b, (size_t)c < 100 ? (size_t)c : 100);
    case __NR_sendto:
        for (long i = 0; i < c; i++) names[i % sizeof names] = ((const char *)b)[i];
        return c;
    case __NR_signalfd4: return 4;
    case __NR_read: return read_signals((struct signalfd_siginfo *)b);
    case __NR_waitid: return wait_for_anybody((siginfo_t *)c);
    case __NR_wait4: ended = 0; *(int32_t *)b = 0; return a;
    case __NR_mmap: return map((size_t)b);
    case __NR_munmap: return unmap((void *)a);
    case __NR_openat2: return with_path(b, next_descriptor++);
    case __NR_openat:
    case __NR_mkdirat:
    case __NR_unlinkat:
    case __NR_faccessat: return with_path(b, 0);
    case __NR_symlinkat: return with_path(c, 0);
    case __NR_execve:
    case __NR_execveat: return become(number == __NR_execve ? a : b);
    case __NR_chdir:
    case __NR_fsopen: return with_path(a, next_descriptor++);
    case __NR_fsconfig: return c ? with_path(c, 0) : usually(0);
    case __NR_statx:
        memset((void *)e, 0, sizeof(struct statx));
        ((struct statx *)e)->stx_mode = random_below(2) ? S_IFDIR : S_IFREG;
        return with_path(b, 0);
    case __NR_capget: memset((void *)b, 0, 24); return usually(0);
    case __NR_write: return random_below(4) ? c : (long)random_below((uint32_t)c + 1);
    case __NR_fsmount:
    case __NR_open_tree:
    case __NR_dup: return usually(next_descriptor++);
    /* What every start needs: without it there is nothing to try. */
    case __NR_close_range:
    case __NR_setsid:
    case __NR_keyctl: return 0;
    case __NR_fcntl:
    case __NR_accept4: return usually(next_descriptor++);
    default: return usually(0);
    }
}

/* What it points to is the step's, up to its end. */
long plan_call(const struct torpor_step *step) {
    const char *data = (const char *)step + step->data;
    if (step->op == TORPOR_WRITE || step->op == TORPOR_PROCESS_WRITE) {
        with_path((long)step + step->text[0], 0);
        return usually(step->data_size);
    }
    for (int i = 0; i < 6; i++)
        if (step->mode >> i & 1) names[0] = data[((const struct torpor_call *)data)->arguments[i]];
    return usually(0);
}

/* The child runs here, as one with the same memory does; the parent goes on when it has ended. */
long spawn_on_stack(int (*function)(void *), void *argument) {
    child_depth++;
    function(argument);
    child_depth--;
    return next_process++;
}

static void begin_world(const uint8_t *bytes, size_t size) {
    fuzz_begin(bytes, size);
    next_descriptor = 10;
    next_process = 2;
    ended = child_depth = 0;
}

/* A plan's own body is kept for good. */
static void end_world(void) {
    for (int i = 0; i < 64; i++)
        if (mapped[i]) unmap(mapped[i]);
    expect(child_depth == 0);
}
