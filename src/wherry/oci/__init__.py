"""Pure OCI data: references, digests, descriptors, manifests, configurations, chain ids. No I/O."""
