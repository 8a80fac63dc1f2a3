/* The kernel without a C library: raw system calls of x86_64 and aarch64, and the structures that only libc headers
 * declare. Every call returns a value >= 0 or -errno. */
#pragma once
#include <asm/unistd.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/openat2.h>
#include <linux/mount.h>
#include <stddef.h>
#include <stdint.h>

static inline long call6(long number, long a, long b, long c, long d, long e, long f) {
#if defined(__x86_64__)
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc #0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
#else
#error "an architecture that nobody has ported this to"
#endif
}

#define CALL_PICK(_0, _1, _2, _3, _4, _5, _6, name, ...) name
#define CALL_0(n) call6(n, 0, 0, 0, 0, 0, 0)
#define CALL_1(n, a) call6(n, (long)(a), 0, 0, 0, 0, 0)
#define CALL_2(n, a, b) call6(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define CALL_3(n, a, b, c) call6(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define CALL_4(n, a, b, c, d) call6(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define CALL_5(n, a, b, c, d, e) call6(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)
#define CALL_6(n, a, b, c, d, e, f) call6(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
/* kernel(close, fd) is close(2). */
#define kernel(name, ...) \
    CALL_PICK(_, ##__VA_ARGS__, CALL_6, CALL_5, CALL_4, CALL_3, CALL_2, CALL_1, CALL_0)(__NR_##name, ##__VA_ARGS__)

/* Where a program begins: with argc and, behind it, the arguments, which torpor-init does not use. */
__attribute__((noreturn)) void program_main(const long *stack);

/* Runs function(argument) in a child that shares this memory, on a stack of its own, while the caller waits until it
 * execs or ends (CLONE_VM | CLONE_VFORK). Returns the child's pid or -errno. The child may make raw calls only. */
long spawn_on_stack(int (*function)(void *), void *argument);

struct io_vector { void *base; size_t length; };
struct socket_message {
    void *name;
    uint32_t name_length;
    struct io_vector *parts;
    size_t part_count;
    void *control;
    size_t control_length;
    uint32_t flags;
};
struct control_header { size_t length; int32_t level, type; };

enum { LEVEL_SOCKET = 1, RIGHTS = 1, NO_SIGNAL = 0x4000, DO_NOT_WAIT = 0x40, CONTROL_TRUNCATED = 8,
       CLOSE_ON_EXEC_RIGHTS = 0x40000000 };

static inline size_t text_length(const char *text) {
    size_t length = 0;
    while (text[length]) length++;
    return length;
}
void *memcpy(void *to, const void *from, size_t count);
void *memset(void *to, int byte, size_t count);
