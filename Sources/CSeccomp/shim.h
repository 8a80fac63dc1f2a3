/* libseccomp, and its function-like macros as functions. */
#pragma once
#include <seccomp.h>

static inline uint32_t cseccomp_act_errno(uint32_t code) { return SCMP_ACT_ERRNO(code); }
static inline uint32_t cseccomp_act_trace(uint32_t code) { return SCMP_ACT_TRACE(code); }
