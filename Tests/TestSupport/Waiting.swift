/// An awaited condition that did not come true in time.
package struct TimedOut: Error, CustomStringConvertible {
    package let description: String

    package init(_ what: String) { description = "waited in vain for \(what)" }
}

/// Looks for a value again and again, and throws ``TimedOut`` where there is none in time.
///
/// It is the only place where tests wait in turns. Other pauses are part of what a test is about.
package func waitFor<Value>(
    _ what: String, within limit: Duration = .seconds(30), _ find: () async throws -> Value?
) async throws -> Value {
    let clock = ContinuousClock()
    let end = clock.now + limit
    repeat {
        if let found = try await find() { return found }
        try await Task.sleep(for: .milliseconds(10))
    } while clock.now < end
    throw TimedOut(what)
}

/// Waits until a condition holds, and throws ``TimedOut`` where it does not in time.
package func waitUntil(
    _ what: String = "a condition", within limit: Duration = .seconds(30), _ holds: () async throws -> Bool
) async throws {
    let _: Bool = try await waitFor(what, within: limit) { try await holds() ? true : nil }
}
