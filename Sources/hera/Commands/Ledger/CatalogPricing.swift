import Catalog
import Domain
import Ledger

/// Prices entries by the catalog, where it has the price that they were booked with.
struct CatalogPricing {
    /// Nil where there is no catalog.
    let pricing: EntryPricing?

    init(_ catalog: ModelCatalog?) {
        guard let catalog else {
            pricing = nil
            return
        }
        pricing = { entry in
            // A catalog that was read on another day may have had another price.
            guard let price = try? catalog[entry.call.model]?.price(on: entry.chargedAt.day),
                price.asOf == entry.call.priceAsOf
            else { return nil }
            return try? price.cost(of: entry.result.usage, tier: entry.call.tier)
        }
    }
}
