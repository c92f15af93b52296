import Domain
import Foundation
import Steps

/// Where the service listens: an option, else the environment, else the settings, else 127.0.0.1:8484.
struct ListenAddress {
    let host: String
    let port: Int

    /// - Throws: `Exit` where `HERA_PORT` is no port.
    init(host: String?, port: Int?, service: ServiceSettings) throws(Exit) {
        self.host = host ?? FolderSearch.variable("HERA_HOST") ?? service.host ?? "127.0.0.1"
        guard let text = FolderSearch.variable("HERA_PORT"), port == nil else {
            self.port = port ?? service.port ?? 8484
            return
        }
        guard let number = Int(text), (0...65_535).contains(number) else {
            throw Exit(64, "HERA_PORT must be from 0 to 65535, and is '\(text)'")
        }
        self.port = number
    }

    /// `http://host:port` with the port that the service got.
    func url(port: Int) -> String { Self.url(host, port) }

    /// The URL for clients on this machine.
    var localURL: String { Self.url(["0.0.0.0": "127.0.0.1", "::": "::1"][host] ?? host, port) }

    /// IPv6 addresses stand in brackets.
    private static func url(_ host: String, _ port: Int) -> String {
        "http://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }

    /// Whether only programs on this machine reach it.
    var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }

    /// The exit of a service that could not run there.
    func exit(of error: any Error) -> Exit {
        let text = "\(error)"
        if text.contains("Address already in use") || text.contains("errno: 98") {
            return Exit(
                69,
                "port \(port) of \(host) is in use: another hera may run there (`hera health --port \(port)`); "
                    + "end it, or choose another port with --port")
        }
        if text.contains("Permission denied") || text.contains("errno: 13") {
            return Exit(69, "port \(port) needs rights that this user lacks: choose one above 1023 with --port")
        }
        if text.contains("Cannot assign requested address") || text.contains("errno: 99") {
            return Exit(69, "this machine has no address \(host): choose one of its own with --host")
        }
        return Exit(69, "the service ended: \(text)")
    }
}
