import Calls
import Domain
import Ledger
import Routing
import TestSupport
import Testing
import Upstream

@Suite("Codes of errors")
struct ServiceErrorTests {
    private static func status(_ status: Int, code: String? = nil) -> UpstreamError {
        .status(UpstreamFailure(status: status, code: code, message: "m", retryAfterSeconds: nil, isRetryable: false))
    }

    private static let timeout = UpstreamError.timeout(.idle, after: .seconds(1), host: "h", bytesReceived: 0)

    @Test(
        "failures of all models come to one code",
        arguments: [
            ([], "upstream_error"), ([status(429), status(429)], "rate_limited"),
            ([status(429), status(529)], "overloaded"), ([status(500, code: "overloaded_error")], "overloaded"),
            ([status(429), timeout], "upstream_timeout"), ([timeout, status(500)], "upstream_error"),
        ] as [([UpstreamError], String)])
    func upstream(errors: [UpstreamError], code: String) {
        #expect(ServiceError.upstream(errors.map { (ModelID("m"), $0) }).code == code)
    }

    @Test("a prompt that no model can hold has a code of its own, and so has the ledger's trouble")
    func others() {
        let overlong = "the prompt of about 9 tokens does not fit its context of 4"
        let codes: [(any CodedError, String)] = [
            (RoutingError.noCandidate([(ModelID("m"), overlong)]), "context_length_exceeded"),
            (RoutingError.noCandidate([(ModelID("m"), "has no capability 'tools'")]), "no_candidate"),
            (LedgerError.busy(database: "d"), "ledger_unavailable"),
            (LedgerError.diskFull(database: "d"), "ledger_unavailable"),
            (LedgerError.unknownReservation("r"), "ledger_error"),
            (ServiceError.notFound(kind: "batch row", id: "1"), "batch_row_not_found"),
        ]
        for (error, code) in codes { #expect(error.code == code) }
    }

    private static func refusal(_ message: String, field: String? = nil, code: String? = nil) -> UpstreamError {
        .status(
            UpstreamFailure(
                status: 400, code: code, message: message, field: field, retryAfterSeconds: nil, isRetryable: false))
    }

    @Test("only a request that every model refused is the caller's fault")
    func refused() {
        let failures = [(model: ModelID("m"), error: Self.status(500)), (model: ModelID("n"), error: Self.status(400))]
        #expect(ServiceError.noAnswer(failures).code == "upstream_error")
        #expect(ServiceError.noAnswer(failures.reversed()).code == "upstream_error")
        #expect(ServiceError.noAnswer([failures[1], failures[1]]).code == "refused_by_model")
        #expect(
            ServiceError.noAnswer([(ModelID("m"), Self.status(413)), (ModelID("n"), Self.status(422))]).code
                == "refused_by_model")
        #expect(ServiceError.noAnswer([(ModelID("m"), .invalidRequest(reason: "no audio"))]).code == "refused_by_model")
        #expect(ServiceError.noAnswer([]).code == "upstream_error")
    }

    @Test("of several refusals the one with a field and a code is told, a prompt too long for a smaller model last")
    func best() {
        let long = Self.refusal("This model's maximum context length is 4096 tokens.")
        let dull = Self.refusal("bad request")
        let clear = Self.refusal("temperature is too high", field: "temperature", code: "invalid_value")
        let all = ServiceError.noAnswer([("m", long), ("n", dull), ("o", clear)])
        #expect(all.code == "refused_by_model" && all.description == "o refused the request: temperature is too high")
        let overflow = ServiceError.noAnswer([("m", long)])
        #expect(overflow.code == "context_length_exceeded")
        #expect(overflow.description.hasPrefix("prompt is too long: "))
    }

    @Test("models that rest are a limit of the rate where all were limited, else an overload")
    func resting() {
        func rest(_ isRateLimited: Bool) -> UpstreamError {
            .resting(reason: "r", retryAfterSeconds: 3, isRateLimited: isRateLimited)
        }
        #expect(ServiceError.upstream([("m", rest(true)), ("n", Self.status(429))]).code == "rate_limited")
        #expect(ServiceError.upstream([("m", rest(true)), ("n", rest(false))]).code == "overloaded")
        #expect(ServiceError.upstream([("m", .overloaded(waiting: 9))]).code == "overloaded")
    }
}
