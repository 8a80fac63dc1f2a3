/* What the parts of the probe share. An attempt returns 0, or the errno that stopped it. */
#pragma once
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* program.c: the program of a process is overwritten: byte for byte with what it is (CVE-2019-5736). */
int try_program(const char *pid);
int try_sealed(const char *argument);
int try_unsealed(const char *argument);

/* hold.c: everything is held that could keep something from being taken down; does not return. */
int try_hold(const char *token);
