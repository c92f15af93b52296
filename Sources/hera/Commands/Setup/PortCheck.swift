import Foundation

/// Whether the service can listen where it is told to.
struct PortCheck {
    private let address: Result<ListenAddress, Exit>
    private let hasKey: Bool

    init(_ installation: InstallationOptions) {
        hasKey = (try? Installation.environment(config: installation.config))?["HERA_API_KEY"] != nil
        do throws(Exit) {
            address = .success(try ListenAddress(host: nil, port: nil, service: installation.service))
        } catch {
            address = .failure(error)
        }
    }

    func findings() -> [Finding] {
        switch address {
        case .failure(let exit): return [Finding("port", .failed, exit.message)]
        case .success(let address):
            let place = "\(address.host):\(address.port)"
            var findings: [Finding] = []
            switch Self.bindError(host: address.host, port: address.port) {
            case 0: findings.append(Finding("port", .fine, "\(place) is free"))
            case EADDRINUSE:
                findings.append(
                    Finding(
                        "port", .warning, "\(place) is in use",
                        do: "fine where that is hera (`hera health`); else choose another port in the settings"))
            case let code:
                findings.append(
                    Finding(
                        "port", .failed, "\(place): \(String(cString: strerror(code)))",
                        do: "choose an address of this machine, and a port above 1023"))
            }
            if !address.isLoopback, !hasKey {
                findings.append(
                    Finding(
                        "port", .warning, "\(address.host) is reached from other machines",
                        do: "the service needs keys then (`hera keys create`), and TLS in front of it"))
            }
            return findings
        }
    }

    /// The error of binding a socket, 0 for none. A host name that is no IPv4 address is not tried.
    private static func bindError(host: String, port: Int) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        let text = host == "localhost" ? "127.0.0.1" : host
        guard inet_pton(AF_INET, text, &address.sin_addr) == 1 else { return 0 }
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        return result == 0 ? 0 : errno
    }
}
