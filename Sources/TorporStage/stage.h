/* The parts of torpor-stage beside those that it shares with torpor-init. */
#pragma once
#include "../TorporInit/init.h"

/* enter.c: carries out TORPOR_ENTER; returns in the process that goes on. */
long stage_enter(const struct step_view *view, const struct request *request);
/* main.c: waits for the next message; whether it is GO. */
int stage_is_told_to_go(void);
