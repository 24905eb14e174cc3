import Testing

@testable import MediaServicesEndpoint

@Suite struct MediaServicesEndpointTests {}
