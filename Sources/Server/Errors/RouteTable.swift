import Core
import HTTPTypes
import Hummingbird

/// The routes that there are, for words about those that there are not.
struct RouteTable: Sendable {
    private struct Route {
        /// The path's parts; nil for one that may be anything.
        let parts: [Substring?]
        let path: String
        let method: HTTPRequest.Method
    }

    private let routes: [Route]

    init(_ router: Hummingbird.Router<HeraContext>) {
        routes = router.routes.map { route in
            let path = "\(route.path)"
            return Route(
                parts: Self.parts(path[...]).map { $0.hasPrefix("{") ? nil : $0 }, path: path, method: route.method)
        }
    }

    /// The methods of a path, by name; empty where there is no such path.
    func methods(of path: String) -> [HTTPRequest.Method] {
        let parts = Self.parts(path[...])
        let fitting = routes.filter { route in
            route.parts.count == parts.count && zip(route.parts, parts).allSatisfy { $0 == nil || $0 == $1 }
        }
        return Set(fitting.map(\.method)).sorted { $0.rawValue < $1.rawValue }
    }

    /// The route whose path is most like another, with its method; nil where none is.
    func closest(to path: String) -> String? {
        let parts = Self.parts(path[...])
        // What may be anything is taken to be what was asked for.
        let spelled = routes.map { route in
            "/"
                + zip(route.parts, Self.parts(route.path[...])).enumerated().map { index, part in
                    part.0 == nil && index < parts.count ? String(parts[index]) : String(part.1)
                }.joined(separator: "/")
        }
        let candidates = Set(spelled).sorted()
        let asked = "/" + parts.joined(separator: "/")
        // Often only the version is missing.
        let found = candidates.contains("/v1" + asked) ? "/v1" + asked : Spelling.closest(to: asked, among: candidates)
        guard let index = spelled.firstIndex(where: { $0 == found }) else { return nil }
        return "\(routes[index].method.rawValue) \(routes[index].path)"
    }

    private static func parts(_ path: Substring) -> [Substring] { path.split(separator: "/") }
}
