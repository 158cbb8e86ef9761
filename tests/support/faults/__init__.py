"""What harms a platform or its clients: proxies, strangers, wrong clocks."""
