/* What may be done between clone and exec in a child that shares memory with a threaded parent: system calls without the
 * C library, which would take locks and set errno. */
#pragma once
#include <linux/capability.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <stdint.h>
#include <sys/syscall.h>

#define RAW_EMPTY_PATH 0x1000

/* A system call without the C library: no errno, no cancellation, no lock. */
static inline long raw(long number, long a, long b, long c, long d, long e) {
#if defined(__x86_64__)
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
    return x0;
#else
#error "an architecture that nobody has ported clinux_launch to"
#endif
}

/* clone3(2) of a child that calls function(argument) on the stack of the arguments, and ends with what that returns. */
__attribute__((noinline)) static long clone_on_stack(
    struct clone_args *arguments, int (*function)(void *), void *argument) {
#if defined(__x86_64__)
    long result;
    register void *r12 __asm__("r12") = (void *)function;
    register void *r13 __asm__("r13") = argument;
    __asm__ volatile(
        "syscall\n\t"
        "test %%rax, %%rax\n\t"
        "jnz 1f\n\t"
        "xor %%ebp, %%ebp\n\t"
        "mov %%r13, %%rdi\n\t"
        "call *%%r12\n\t"
        "mov %%eax, %%edi\n\t"
        "mov $60, %%eax\n\t" /* exit */
        "syscall\n\t"
        "hlt\n"
        "1:"
        : "=a"(result)
        : "0"((long)SYS_clone3), "D"(arguments), "S"(sizeof *arguments), "r"(r12), "r"(r13)
        : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = SYS_clone3;
    register long x0 __asm__("x0") = (long)arguments;
    register long x1 __asm__("x1") = sizeof *arguments;
    register void *x19 __asm__("x19") = (void *)function;
    register void *x20 __asm__("x20") = argument;
    __asm__ volatile(
        "svc #0\n\t"
        "cbnz x0, 1f\n\t"
        "mov x29, #0\n\t"
        "mov x30, #0\n\t"
        "mov x0, x20\n\t"
        "blr x19\n\t"
        "mov x8, #93\n\t" /* exit */
        "svc #0\n\t"
        "brk #0\n"
        "1:"
        : "+r"(x0)
        : "r"(x8), "r"(x1), "r"(x19), "r"(x20)
        : "memory");
    return x0;
#endif
}

/* Without this, exec before the id map exists would drop every capability for good. */
static long raise_ambient(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    long result = raw(SYS_capget, (long)&header, (long)data, 0, 0, 0);
    if (result < 0) return result;
    for (int half = 0; half < 2; half++) data[half].inheritable = data[half].permitted;
    result = raw(SYS_capset, (long)&header, (long)data, 0, 0, 0);
    for (long bit = 0; bit < 64 && result >= 0; bit++)
        if (data[bit / 32].permitted >> (bit % 32) & 1)
            result = raw(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, bit, 0, 0);
    return result;
}
