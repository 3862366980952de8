"""The core of Bellhop: pure decisions on plain values. It knows neither Kamailio nor Asterisk."""
