import Testing

@testable import MediaServicesAccount

@Suite struct MediaServicesAccountTests {}
