"""What people entered, checked: findings per account, scores of the data, and the roll-out of mandatory values."""
