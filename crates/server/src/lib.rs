//! The HTTP edge: accept loop, limits, SCIM and subsystem endpoints.
