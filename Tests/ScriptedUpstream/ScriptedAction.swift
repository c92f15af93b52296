/// One thing that the scripted server does on a connection.
package enum ScriptedAction: Sendable {
    /// Writes bytes, and goes on when the socket has taken them.
    case send([UInt8])
    /// Writes the same bytes so often, or for ever, with a pause after each.
    case sendRepeatedly([UInt8], times: Int?, pause: Duration)
    case wait(Duration)
    /// Books tokens for a model on the server's own bill.
    case bill(model: String, ScriptedUsage)
    /// Ends the connection in good order.
    case close
    /// Ends the connection with a TCP reset.
    case reset
    /// Does nothing more until the client goes away.
    case hang
}
