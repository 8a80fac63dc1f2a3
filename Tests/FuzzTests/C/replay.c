/* Inputs that are files, one after the other, without libFuzzer: `replay FILE…`. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void run(const uint8_t *bytes, size_t size) {
    /* Memory of exactly this size, so that reading behind it is seen. */
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy) exit(1);
    for (size_t i = 0; i < size; i++) copy[i] = bytes[i];
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

int main(int count, char **paths) {
    static uint8_t bytes[1 << 20];
    for (int i = 1; i < count; i++) {
        FILE *file = fopen(paths[i], "r");
        if (!file) return 1;
        size_t size = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        run(bytes, size);
        for (size_t part = 1; part < 16; part++) run(bytes, size * part / 16);
        for (size_t part = 0; part < 64 && size; part++) {
            size_t at = (size - 1) * part / 63;
            uint8_t was = bytes[at];
            bytes[at] ^= (uint8_t)(1 << part % 8);
            run(bytes, size);
            bytes[at] = was;
        }
    }
    return 0;
}
