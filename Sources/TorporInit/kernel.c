#include "kernel.h"

#include <linux/auxvec.h>
#include <linux/sched.h>
#include <linux/signal.h>

void *memcpy(void *to, const void *from, size_t count) {
    char *out = to;
    const char *in = from;
    while (count--) {
        *out++ = *in++;
        __asm__ volatile("" ::: "memory"); /* or the compiler would make this loop a call of memcpy */
    }
    return to;
}

void *memset(void *to, int byte, size_t count) {
    char *out = to;
    while (count--) {
        *out++ = (char)byte;
        __asm__ volatile("" ::: "memory");
    }
    return to;
}

/* What -fstack-protector compares with. Hidden, so that reaching it takes no relocation. */
__attribute__((visibility("hidden"))) uintptr_t __stack_chk_guard;
__attribute__((noreturn, visibility("hidden"))) void __stack_chk_fail(void) { __builtin_trap(); }

/* The kernel hands 16 random bytes to every program. A byte of 0 is no text's, so that none can write the rest. */
__attribute__((noreturn, used, no_stack_protector, visibility("hidden"))) void program_begin(const long *stack) {
    const long *at = stack + 1 + stack[0] + 1; /* behind the arguments and their null */
    while (*at++) {}                           /* the environment's */
    while (at[0] != AT_NULL && at[0] != AT_RANDOM) at += 2;
    if (at[0] != AT_RANDOM) __builtin_trap();
    __stack_chk_guard = *(const uintptr_t *)at[1] & ~(uintptr_t)0xff;
    program_main(stack);
}

static char child_stack[16 << 10] __attribute__((aligned(16)));

__attribute__((noinline)) long spawn_on_stack(int (*function)(void *), void *argument) {
    const long flags = CLONE_VM | CLONE_VFORK | SIGCHLD;
    char *top = child_stack + sizeof child_stack;
#if defined(__x86_64__)
    long result;
    register void *r12 __asm__("r12") = (void *)function;
    register void *r13 __asm__("r13") = argument;
    register long r10 __asm__("r10") = 0;
    register long r8 __asm__("r8") = 0;
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
        : "0"((long)__NR_clone), "D"(flags), "S"(top), "d"(0L), "r"(r10), "r"(r8), "r"(r12), "r"(r13)
        : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = __NR_clone;
    register long x0 __asm__("x0") = flags;
    register void *x1 __asm__("x1") = top;
    register long x2 __asm__("x2") = 0;
    register long x3 __asm__("x3") = 0;
    register long x4 __asm__("x4") = 0;
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
        : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x19), "r"(x20)
        : "memory");
    return x0;
#endif
}

/* A process begins with argc on its stack, the arguments behind it, and no return address. */
#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall program_begin\n\thlt\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n_start:\n\tmov x29, #0\n\tmov x30, #0\n\tmov x0, sp\n\tbl program_begin\n\tbrk #0\n");
#endif
