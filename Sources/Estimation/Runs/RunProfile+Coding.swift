extension RunProfile {
    /// The profile as the content of a file of kind `runs`.
    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.put(name)
        writer.put(models)
        writer.put(reference)
        writer.put(progress.encoded())
        writer.put(similarity.encoded())
        writer.put(distance?.encoded() ?? [])
        writer.put(remainingUSD)
        writer.put(sight)
        return writer.bytes
    }

    init(_ reader: inout ByteReader) throws(ByteReader.Failure) {
        name = try reader.string()
        models = try reader.strings()
        reference = try reader.integer()
        progress = try PanelProfile.nested(try reader.array(UInt8.self))
        similarity = try PanelProfile.nested(try reader.array(UInt8.self))
        let distances = try reader.array(UInt8.self)
        distance = distances.isEmpty ? nil : try PanelProfile.nested(distances)
        remainingUSD = try reader.array(Float.self)
        sight = try reader.float()
        guard reference < models.count, similarity.models == models, progress.models.count == 1,
            progress.countFeatures == RunCounts.count + 3,
            similarity.countFeatures == SurfaceCounts.count + models.count,
            distance.map({ $0.models.count == StepDistance.classes && $0.countFeatures == 7 }) ?? true,
            remainingUSD.count == models.count * Self.horizon
        else { throw ByteReader.Failure(reason: "the parts of a profile of runs do not fit together") }
    }
}
