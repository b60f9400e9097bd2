//! FlashArray driver.
