import Batches
import Calls
import Domain
import HTTPTypes
import Hummingbird
import JSON
import Ledger
import NIOCore
import Steps

/// OpenAI's files: upload, list, read and delete. The ledger stores files, so every node can read them.
struct FilesController {
    let ledger: LedgerStore
    let settings: CurrentSettings

    private static let maximumPageSize = 10_000

    func addRoutes(to group: RouterGroup<HeraContext>) {
        group.post("files", use: upload)
        group.get("files", use: list)
        group.get("files/{id}", use: file)
        group.get("files/{id}/content", use: content)
        group.delete("files/{id}", use: delete)
    }

    @Sendable
    func upload(request: Request, context: HeraContext) async throws -> Response {
        try await checkQuota(for: request, caller: context.caller)
        var upload = try FileUpload(
            contentType: request.headers[.contentType] ?? "", limits: settings.value.limits,
            key: context.caller.key, ledger: ledger)
        do {
            for try await piece in request.body { try await upload.receive(Array(buffer: piece)) }
            return Response(json: FileDocument(try await upload.finish()).json)
        } catch {
            await upload.discard()
            if let problem = error as? MultipartReader.Problem {
                throw FieldError("", problem.description)
            }
            throw error
        }
    }

    /// Checks the caller's quotas and the request's size.
    private func checkQuota(for request: Request, caller: Caller) async throws {
        let limits = settings.value.limits
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limits.fileBytes + (64 << 10) {
            throw FileUpload.tooLarge(limits)
        }
        let totals = try await ledger.read { try $0.fileTotals(ofKey: caller.key) }
        guard totals.files < limits.files else {
            throw FieldError(
                "file",
                "there are \(totals.files) files already, and no more than \(limits.files) are kept: delete some with "
                    + "DELETE /v1/files/{id}, or raise limits.files")
        }
        guard totals.bytes < limits.filesBytes else {
            throw FieldError(
                "file",
                "the files have \(totals.bytes) bytes already, and no more than \(limits.filesBytes) are kept: delete "
                    + "some with DELETE /v1/files/{id}, or raise limits.files_bytes")
        }
    }

    @Sendable
    func list(request: Request, context: HeraContext) async throws -> Response {
        let page = try ListPage(request, maximum: Self.maximumPageSize, standard: Self.maximumPageSize)
        var query = page.query(for: context.caller)
        query.purpose = request.uri.queryParameters["purpose"].map(String.init)
        let asked = query
        let files = try await ledger.read { try $0.files(asked, at: .now()) }
        return Response(json: page.document(of: files, id: \.id) { FileDocument($0).write(into: &$1) })
    }

    @Sendable
    func file(request: Request, context: HeraContext) async throws -> Response {
        Response(json: FileDocument(try await ledger.file(id(context), for: context.caller)).json)
    }

    @Sendable
    func content(request: Request, context: HeraContext) async throws -> Response {
        let file = try await ledger.file(id(context), for: context.caller)
        let name = file.name.filter { $0.isASCII && $0 != "\"" && $0 != "\\" && !$0.isNewline }
        var headers: HTTPFields = [.contentType: "application/octet-stream"]
        headers[.contentDisposition] = "attachment; filename=\"\(name)\""
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody(contentLength: Int(file.byteCount)) { writer in
                var reader = FileReader(file.id, in: ledger)
                while let piece = try await reader.next() { try await writer.write(ByteBuffer(bytes: piece)) }
                try await writer.finish(nil)
            })
    }

    @Sendable
    func delete(request: Request, context: HeraContext) async throws -> Response {
        let file = try await ledger.file(id(context), for: context.caller)
        try await ledger.write { try $0.deleteFile(file.id) }
        var writer = JSONWriter()
        writer.object { object in
            object.member("id", file.id)
            object.member("object", "file")
            object.member("deleted", true)
        }
        return Response(json: writer.bytes)
    }

    private func id(_ context: HeraContext) throws -> String { try context.parameters.require("id") }
}
