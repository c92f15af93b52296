import Domain
import HTTPTypes
import Hummingbird
import JSON

/// The registered routes, for hints in 404 and 405 responses.
struct RouteTable: Sendable {
    private struct Route {
        /// Path components; nil for a parameter.
        let parts: [Substring?]
        let path: String
        let method: HTTPRequest.Method
    }

    private let routes: [Route]

    init(_ router: Router<HeraContext>) {
        routes = router.routes.map { route in
            let path = "\(route.path)"
            return Route(
                parts: Self.parts(path[...]).map { $0.hasPrefix("{") ? nil : $0 }, path: path, method: route.method)
        }
    }

    /// The methods of a path, sorted by name; empty for an unknown path.
    func methods(of path: String) -> [HTTPRequest.Method] {
        let parts = Self.parts(path[...])
        let matches = routes.filter { route in
            route.parts.count == parts.count && zip(route.parts, parts).allSatisfy { $0 == nil || $0 == $1 }
        }
        return Set(matches.map(\.method)).sorted { $0.rawValue < $1.rawValue }
    }

    /// The most similar route with its method, or nil. It has as many components, each of similar spelling. A missing
    /// version prefix is tried too.
    func closest(to path: String) -> String? {
        let parts = Self.parts(path[...])
        let candidates = [parts, ["v1"] + parts].lazy.compactMap { asked in
            routes.map { (route: $0, equal: Self.similarity(of: asked, to: $0.parts)) }.max { $0.equal < $1.equal }
        }
        guard let best = candidates.first(where: { $0.equal > 0 })?.route else { return nil }
        return "\(best.method.rawValue) \(best.path)"
    }

    /// 1 + the number of equal components; 0 if one is dissimilar.
    private static func similarity(of asked: [Substring], to known: [Substring?]) -> Int {
        guard asked.count == known.count else { return 0 }
        var equal = 1
        for (part, name) in zip(asked, known) {
            guard let name else { continue }
            if part == name {
                equal += 1
            } else if Spelling.closest(to: String(part), among: [String(name)]) == nil {
                return 0
            }
        }
        return equal
    }

    private static func parts(_ path: Substring) -> [Substring] { path.split(separator: "/") }
}
