import Calls
import Domain
import Hummingbird
import JSON
import Ledger
import Steps

/// A page of a list in OpenAI's format. Reads `limit`, `after` and `order`, writes `data`, `first_id`, `last_id` and
/// `has_more`.
struct ListPage {
    private let limit: Int
    private let after: String?
    private let isAscending: Bool

    /// - Parameters:
    ///   - maximum: the largest page.
    ///   - standard: the page size if the request has no `limit`.
    init(_ request: Request, maximum: Int, standard: Int) throws {
        let parameters = request.uri.queryParameters
        after = parameters["after"].map(String.init)
        switch parameters["order"] {
        case nil, "desc": isAscending = false
        case "asc": isAscending = true
        default: throw FieldError("order", "must be asc or desc")
        }
        guard let text = parameters["limit"] else {
            limit = standard
            return
        }
        guard let number = Int(text), (1...maximum).contains(number) else {
            throw FieldError("limit", "must be a whole number from 1 to \(maximum)")
        }
        limit = number
    }

    /// The query of this page, with one extra row to detect more. A caller without a key sees all rows.
    func query(for caller: Caller) -> PageQuery {
        PageQuery(key: caller.key, after: after, limit: limit + 1, isAscending: isAscending)
    }

    func document<Item>(
        of items: [Item], id: (Item) -> String, _ write: (Item, inout JSONWriter) -> Void
    ) -> [UInt8] {
        let shown = items.prefix(limit)
        var writer = JSONWriter(capacity: 256 + shown.count * 400)
        writer.object { object in
            object.member("object", "list")
            object.member("data", array: { list in for item in shown { list.object { write(item, &$0) } } })
            object.member("first_id", shown.first.map(id))
            object.member("last_id", shown.last.map(id))
            object.member("has_more", items.count > shown.count)
        }
        return writer.bytes
    }
}
