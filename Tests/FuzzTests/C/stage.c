/* torpor-stage whole, with a plan that is anybody's. */
#include "world.h"

#include "../../../Sources/TorporStage/main.c"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    begin_world(bytes, size);
    memset(&program, 0, sizeof program);
    link_socket = TORPOR_SOCKET;
    if (!_setjmp(fuzz_over)) program_main(0);
    end_world();
    return 0;
}
