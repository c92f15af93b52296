import Domain
import HTTPTypes
import Hummingbird

/// `GET /dashboard`, its style and scripts, and `GET /openapi.yaml`: embedded files. They hold no data and need no key.
/// The page asks for a key to fetch figures.
struct PagesController {
    private struct File: Sendable {
        let path: String
        let type: String
        let bytes: @Sendable () -> [UInt8]
    }

    /// Permits the page's own files and no inline script, style or other host.
    private static let policy =
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    private static let files = [
        File(path: "dashboard", type: "text/html; charset=utf-8") { PackageResources.dashboard_html },
        File(path: "dashboard/page.css", type: "text/css; charset=utf-8") { PackageResources.page_css },
        File(path: "dashboard/charts.js", type: "text/javascript; charset=utf-8") { PackageResources.charts_js },
        File(path: "dashboard/views.js", type: "text/javascript; charset=utf-8") { PackageResources.views_js },
        File(path: "dashboard/page.js", type: "text/javascript; charset=utf-8") { PackageResources.page_js },
        File(path: "dashboard/icon.svg", type: "image/svg+xml") { PackageResources.icon_svg },
        File(path: "openapi.yaml", type: "application/yaml") { PackageResources.openapi_yaml },
    ]

    /// The paths of all files, which need no key.
    static let paths = Set(files.map { "/\($0.path)" })

    func addRoutes(to router: Router<HeraContext>) {
        for file in Self.files {
            router.get(RouterPath(file.path)) { _, _ in
                Response(
                    status: .ok,
                    headers: [
                        .contentType: file.type, .cacheControl: "no-cache", .xContentTypeOptions: "nosniff",
                        .contentSecurityPolicy: Self.policy, .referrerPolicy: "no-referrer",
                    ], body: ResponseBody(byteBuffer: ByteBuffer(bytes: file.bytes())))
            }
        }
    }
}
