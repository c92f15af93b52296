import Domain
import JSON
import Testing

@testable import Steps

@Suite("Webhook rules")
struct WebhookRuleTests {
    @Test(
        "only URLs below the rule's own are allowed",
        arguments: [
            ("https://tools.example.com/v1/weather", true),
            ("https://TOOLS.example.com:443/v1/weather?unit=c", true),
            ("https://tools.example.com/v1", true),
            ("https://tools.example.com/v1?x=1", true),
            ("https://tools.example.com/v10/weather", false),
            ("https://tools.example.com/", false),
            ("http://tools.example.com/v1/weather", false),
            ("https://tools.example.com:8443/v1/weather", false),
            ("https://tools.example.com.evil.net/v1/weather", false),
            ("https://evil.net/https://tools.example.com/v1/", false),
            ("https://tools.example.com@evil.net/v1/weather", false),
            ("https://evil.net\\@tools.example.com/v1/weather", false),
            ("https://tools.example.com/v1/../admin", false),
            ("https://tools.example.com/v1/%2E%2e/admin", false),
            ("https://tools.example.com/v1/..%2fadmin", false),
            ("https://tools.example.com/v1/..;/admin", false),
            ("https://tools.example.com/v1/..;a=b/admin", false),
            ("https://tools.example.com/v1/.;/admin", false),
            ("https://tools.example.com/v1/..%3b/admin", false),
            ("https://tools.example.com/v1/%252e%252e/admin", false),
            ("https://tools.example.com/v1/%25252e./admin", false),
            ("https://tools.example.com/v1/%252fadmin", false),
            ("https://tools.example.com/v1/..%5cadmin", false),
            ("https://tools.example.com/v1/%c0%ae%c0%ae/admin", false),
            ("https://tools.example.com/v1/a%00b", false),
            ("https://tools.example.com/v1/%" + String(repeating: "25", count: 20_000) + "2e/admin", false),
            ("https://tools.example.com/v1/%" + String(repeating: "25", count: 20_000) + "/a", true),
            ("https://tools.example.com/v1/%2%35%32%65/admin", false),
            ("https://tools.example.com/v1/a..b/c;d=1/100%25", true),
            ("https://tools.example.com/v1/a#b", false),
            ("https://tools.example.com/v1/a b", false),
            ("file:///v1/x", false),
            ("//tools.example.com/v1/x", false),
            ("", false),
        ])
    func allows(url: String, isAllowed: Bool) throws {
        let rule = try WebhookRule(url: "https://Tools.example.com/v1")
        #expect(rule.allows(url) == isAllowed)
    }

    @Test(
        "an invalid rule is an error that names the field",
        arguments: [
            (#"[{"url": "tools.example.com"}]"#, "webhooks[0].url"),
            (#"[{"url": "https://a.example"}, {"uri": "https://b.example"}]"#, "webhooks[1].uri"),
            (#"[{"url": "https://user@a.example/"}]"#, "webhooks[0].url"),
            (#"[{"url": "https://a.example", "timeout_s": "soon"}]"#, "webhooks[0].timeout_s"),
            (#"[{}]"#, "webhooks[0].url"),
            (#"{"url": "https://a.example"}"#, "webhooks"),
        ])
    func badRules(json: String, field: String) throws {
        let settings = try JSONDocument(Array(#"{"webhooks": \#(json)}"#.utf8)).root
        #expect {
            _ = try Settings(json: settings)
        } throws: { error in
            (error as? FieldError)?.field == field
        }
    }
}
