import Networking
import Testing

/// Texts of /proc/net/tcp and tcp6 as kernels write them.
@Suite struct ListeningSocketsTests {
    private let header =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"

    private func line(_ address: String, _ port: String, _ state: String = "0A") -> String {
        "   0: \(address):\(port) \(String(repeating: "0", count: address.count)):0000 \(state) 00000000:00000000 "
            + "00:00000000 00000000     0        0 12345 1 0000000000000000 100 0 0 10 0\n"
    }

    @Test func whatListensIsFound() {
        let sockets = ListeningSockets(
            tcp: header + line("00000000", "270F") + line("0100007F", "1F91") + line("05003E0A", "1F92")
                + line("0100007F", "0050", "01") + "nonsense\n",
            tcp6: header + line(String(repeating: "0", count: 32), "270F")
                + line("00000000000000000000000001000000", "0051")
                + line("0000000000000000FFFF00000100007F", "0052"))
        #expect(sockets.ports == [81, 82, 8081, 9999])
        #expect(sockets.elsewhere == [8082])
    }

    @Test func adviceSaysWhatToDo() {
        let other = ListeningSockets(tcp: header + line("00000000", "270F"), tcp6: "")
        #expect(
            other.advice(port: 8080) == "it listens on 9999: say port 9999 (--port 9999), or listen on $PORT")
        let far = ListeningSockets(tcp: header + line("05003E0A", "1F90"), tcp6: "")
        #expect(far.advice(port: 8080).contains("listen on 0.0.0.0 or 127.0.0.1"))
        #expect(
            ListeningSockets(tcp: header, tcp6: "").advice(port: 1) == "listen on the port that $PORT names")
        #expect(ListeningSockets(tcp: "", tcp6: "").ports.isEmpty)
    }
}
