/* The command of mode exec: one line, and the end. */
#include <unistd.h>

int main(void) {
    static const char line[] = "Hello from a command.\n";
    return write(1, line, sizeof line - 1) == sizeof line - 1 ? 0 : 1;
}
