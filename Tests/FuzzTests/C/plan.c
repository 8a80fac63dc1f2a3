/* As it is, save for the calls that a plan asks for by number: a harness makes those. */
#define plan_call plan_call_of_the_kernel
#include "../../../Sources/TorporInit/plan.c"
