import Domain
import HTTPTypes
import Hummingbird

/// `GET /dashboard` and `GET /openapi.yaml`: embedded files. They hold no data and need no key. The page asks for a key
/// to fetch figures.
struct PagesController {
    /// Permits the page itself and no external resource.
    private static let policy =
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    func addRoutes(to router: Router<HeraContext>) {
        router.get("dashboard") { _, _ in
            var response = Self.response(PackageResources.dashboard_html, type: "text/html; charset=utf-8")
            response.headers[.contentSecurityPolicy] = Self.policy
            response.headers[.referrerPolicy] = "no-referrer"
            return response
        }
        router.get("openapi.yaml") { _, _ in Self.response(PackageResources.openapi_yaml, type: "application/yaml") }
    }

    private static func response(_ bytes: [UInt8], type: String) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: type, .cacheControl: "no-cache", .xContentTypeOptions: "nosniff"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
