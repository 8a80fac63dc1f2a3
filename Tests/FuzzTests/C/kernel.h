/* In the place of the kernel: included before Sources/TorporInit/kernel.h by -include, it makes every system call a call
 * of the harness, so that a program runs as it is, and nothing that it does is done. */
#pragma once
#define call6 unused_call6
#include "../../../Sources/TorporInit/kernel.h"
#undef call6
long call6(long number, long a, long b, long c, long d, long e, long f);
