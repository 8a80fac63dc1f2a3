/* Tells each client the address that it comes from, and closes. Usage: teller PORT */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int count, char **arguments) {
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(count > 1 ? arguments[1] : "0"))};
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 16)) return 1;
    for (;;) {
        struct sockaddr_in from;
        socklen_t size = sizeof from;
        int fd = accept(listener, (struct sockaddr *)&from, &size);
        if (fd < 0) continue;
        char text[INET_ADDRSTRLEN];
        inet_ntop(AF_INET, &from.sin_addr, text, sizeof text);
        send(fd, text, strlen(text), MSG_NOSIGNAL);
        close(fd);
    }
}
