import Domain
import HTTPTypes
import Hummingbird
import JSON

/// The routes that there are, for words about those that there are not.
struct RouteTable: Sendable {
    private struct Route {
        /// The path's parts; nil for one that may be anything.
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

    /// The methods of a path, by name; empty where there is no such path.
    func methods(of path: String) -> [HTTPRequest.Method] {
        let parts = Self.parts(path[...])
        let fitting = routes.filter { route in
            route.parts.count == parts.count && zip(route.parts, parts).allSatisfy { $0 == nil || $0 == $1 }
        }
        return Set(fitting.map(\.method)).sorted { $0.rawValue < $1.rawValue }
    }

    /// The route that was perhaps meant by a path, with its method: one of as many parts, each of them spelled alike; often
    /// only the version is missing. Nil where none is.
    func closest(to path: String) -> String? {
        let parts = Self.parts(path[...])
        let meant = [parts, ["v1"] + parts].lazy.compactMap { asked in
            routes.map { (route: $0, equal: Self.likeness(of: asked, to: $0.parts)) }.max { $0.equal < $1.equal }
        }
        guard let best = meant.first(where: { $0.equal > 0 })?.route else { return nil }
        return "\(best.method.rawValue) \(best.path)"
    }

    /// 1 + how many parts are the same; 0 where one is spelled otherwise.
    private static func likeness(of asked: [Substring], to known: [Substring?]) -> Int {
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
