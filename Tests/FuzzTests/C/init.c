/* torpor-init whole, with plans and messages that are anybody's. */
#include "world.h"

#include "../../../Sources/TorporInit/main.c"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    begin_world(bytes, size);
    memset(&main_process, 0, sizeof main_process);
    memset(spawned, 0, sizeof spawned);
    is_planned = is_ending = further = 0;
    if (!_setjmp(fuzz_over)) program_main(0);
    child_depth = 0;
    end_world();
    expect(further < TORPOR_SPAWNED);
    return 0;
}
